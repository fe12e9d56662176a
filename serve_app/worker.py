"""A model in this process: an engine thread and the encoding of its pictures. Implements `service.Replicas`."""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace

from serve_app.core import Done, Event, GenerateRequest, ModelInfo, Picture, Queued, ReplicaCounts, Step
from serve_app.engine.engine import Engine
from serve_app.engine.thread import EngineThread, Update
from serve_app.images import encode

log = logging.getLogger(__name__)


class Worker:
    """Draws the requests of one replica."""

    def __init__(self, engine: Engine) -> None:
        self._thread = EngineThread(engine)
        self._thread.start()

    @property
    def alive(self) -> bool:
        return self._thread.alive

    def stop(self, timeout: float = 5.0) -> None:
        """End the engine's thread after the step under way."""
        self._thread.stop(timeout)

    async def counts(self) -> ReplicaCounts:
        return ReplicaCounts(running=int(self.alive))

    async def warm_up(self, info: ModelInfo) -> None:
        """Draw one picture of two steps in every size, so that the first client does not pay for lazy start-up work."""
        for width, height in info.sizes:
            began = time.perf_counter()
            await self.generate(
                GenerateRequest(
                    info.name, "warm up", "", 0, 2, max(info.guidance_scale, 2.0), width, height, info.scheduler
                )
            )
            seconds = round(time.perf_counter() - began, 2)
            log.info("warmed up", extra={"model": info.name, "width": width, "height": height, "seconds": seconds})

    async def generate(self, request: GenerateRequest) -> Sequence[Picture]:
        pictures = {}
        async with aclosing(self._thread.updates(request, every_step=False)) as updates:
            async for update in updates:
                if update.pixels is not None:
                    pictures[update.index] = await self._picture(update, request)
        return [pictures[i] for i in range(request.n)]

    async def stream(self, request: GenerateRequest) -> AsyncGenerator[Event, None]:
        async with aclosing(self._thread.updates(replace(request, n=1))) as updates:
            async for update in updates:
                if update.pixels is not None:
                    yield Done(await self._picture(update, request))
                elif update.step:
                    yield Step(update.step, update.of)
                else:
                    yield Queued(update.ahead)

    async def _picture(self, update: Update, request: GenerateRequest) -> Picture:
        assert update.pixels is not None
        began = time.perf_counter()
        data = await asyncio.to_thread(encode, update.pixels, request, update.seed)
        timings = {**update.timings, "encode": time.perf_counter() - began}
        return Picture(data, update.seed, timings, update.warnings)
