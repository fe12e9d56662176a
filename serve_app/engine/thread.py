"""The engine's own thread, awaited from asyncio."""

import asyncio
import logging
import threading
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field, replace

from serve_app.core import GenerateRequest
from serve_app.engine.engine import Engine
from serve_app.engine.job import Job, Pixels
from serve_app.errors import ServeError, Unavailable

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Update:
    """News of image `index` of a request: queued (step 0), after a step, or finished (with its pixels)."""

    index: int
    seed: int
    step: int
    of: int
    pixels: Pixels | None = None
    error: Exception | None = None
    timings: Mapping[str, float] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    ahead: int = 0


def _update(job: Job) -> Update:
    return Update(job.index, job.seed, job.i, len(job.sampler), job.pixels, job.error, dict(job.timings), job.warnings)


class EngineThread:
    """Runs `engine.step()` while there is work, and sleeps otherwise."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._wake = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)

    def start(self) -> None:
        self._thread.start()

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def stop(self, timeout: float) -> None:
        """Finish the step under way and end the thread."""
        self._stopping = True
        self._wake.set()
        self._thread.join(timeout)

    async def updates(self, request: GenerateRequest, every_step: bool = True) -> AsyncGenerator[Update, None]:
        """Run a request; yields an update when queued, after every step if asked for, and when an image is finished.

        Closing the iterator or cancelling its task frees the rows at the next step. Raises what the engine raised.
        """
        if self._stopping or not self.alive:
            raise Unavailable("this replica is stopping")
        loop = asyncio.get_running_loop()
        news: asyncio.Queue[Update] = asyncio.Queue()

        def notify(job: Job) -> None:
            loop.call_soon_threadsafe(news.put_nowait, _update(job))

        ahead = self.engine.scheduler.waiting
        jobs = self.engine.add(request, notify, every_step)
        self._wake.set()
        try:
            for job in jobs:
                yield replace(_update(job), ahead=ahead + job.index)
            unfinished = len(jobs)
            while unfinished:
                update = await news.get()
                if update.error is not None:
                    raise update.error
                yield update
                unfinished -= update.pixels is not None
        finally:
            for job in jobs:
                job.cancelled = True

    def _run(self) -> None:
        while not self._stopping:
            if self.engine.scheduler.idle:
                self._wake.wait()
                self._wake.clear()
                continue
            try:
                self.engine.step()
            except Exception as error:  # noqa: BLE001  (the thread's boundary: jobs fail, the engine lives on)
                log.exception("a denoising step failed")
                self.engine.abort(ServeError(f"generation failed: {type(error).__name__}"))
