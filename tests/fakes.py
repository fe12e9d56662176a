"""Fakes of the seams. They record what they were asked."""

import asyncio
from collections.abc import AsyncGenerator, Sequence

import numpy as np

from serve_app.core import Done, Event, GenerateRequest, ModelInfo, Picture, Queued, ReplicaCounts, Step
from serve_app.images import encode

INFO = ModelInfo("demo", "abc123", ((64, 48), (48, 64), (64, 64)), "euler", 25, 4.0)
PIXELS = np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8)


def picture(request: GenerateRequest, seed: int) -> Picture:
    """The same pixels for every request, with its infotext."""
    return Picture(encode(PIXELS, request, seed), seed, {"queue": 0.0015, "denoise": 0.25})


class FakeReplicas:
    """Answers at once, unless told to raise `error` or to `hang`; in a stream, after `events` events."""

    def __init__(self) -> None:
        self.requests: list[GenerateRequest] = []
        self.error: Exception | None = None
        self.hang = False
        self.events = 0
        self.cancelled = 0
        self.replicas = ReplicaCounts(running=2, starting=1, note="1 waits for neuron_cores")

    async def _trouble(self) -> None:
        if self.error:
            raise self.error
        if self.hang:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                self.cancelled += 1
                raise

    async def generate(self, request: GenerateRequest) -> Sequence[Picture]:
        self.requests.append(request)
        await self._trouble()
        return [picture(request, seed) for seed in request.seeds]

    async def stream(self, request: GenerateRequest) -> AsyncGenerator[Event, None]:
        self.requests.append(request)
        for i, event in enumerate([Queued(2), Step(1, 2), Step(2, 2), Done(picture(request, request.seed))]):
            if i == self.events:
                await self._trouble()
            yield event

    async def counts(self) -> ReplicaCounts:
        return self.replicas
