"""The engine's thread as asyncio sees it."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, asynccontextmanager

import pytest
from engine_fakes import RecordingBackend, a_request
from torch import Tensor

from serve_app.backends.base import TextEmbeds
from serve_app.core import Done, Event, Queued, Step
from serve_app.engine.engine import Engine
from serve_app.engine.thread import EngineThread, Update
from serve_app.errors import Overloaded, ServeError, Unavailable
from serve_app.worker import Worker


class Breaking(RecordingBackend):
    """Fails its first UNet call."""

    def unet(self, latents: Tensor, timesteps: Tensor, text: TextEmbeds, time_ids: Tensor) -> Tensor:
        noise = super().unet(latents, timesteps, text, time_ids)
        if len(self.inputs) == 1:
            raise RuntimeError("device lost")
        return noise


@asynccontextmanager
async def running(backend: RecordingBackend, max_waiting: int = 32) -> AsyncIterator[EngineThread]:
    thread = EngineThread(Engine(backend, 4, max_waiting))
    thread.start()
    try:
        yield thread
    finally:
        thread.stop(5)
        assert not thread.alive


async def collect(thread: EngineThread, **changes: object) -> list[Update]:
    async with asyncio.timeout(20), aclosing(thread.updates(a_request(**changes))) as updates:
        return [update async for update in updates]


def test_a_request_is_told_its_place_its_steps_and_its_picture() -> None:
    async def main() -> None:
        async with running(RecordingBackend()) as thread:
            updates = await collect(thread, steps=3)
        assert [update.step for update in updates] == [0, 1, 2, 3, 3]
        assert [update.pixels is not None for update in updates] == [False] * 4 + [True]

    asyncio.run(main())


def test_many_requests_at_once_all_finish() -> None:
    async def main() -> None:
        async with running(RecordingBackend()) as thread:
            results = await asyncio.gather(*(collect(thread, seed=i, steps=1 + i % 5) for i in range(20)))
        assert all(updates[-1].pixels is not None for updates in results)
        assert [updates[-1].seed for updates in results] == list(range(20))

    asyncio.run(main())


def test_every_image_of_a_request_arrives() -> None:
    async def main() -> None:
        async with running(RecordingBackend()) as thread:
            updates = await collect(thread, n=4)
        assert sorted(u.index for u in updates if u.pixels is not None) == [0, 1, 2, 3]

    asyncio.run(main())


def test_a_client_that_leaves_frees_its_rows() -> None:
    async def main() -> None:
        backend = RecordingBackend()
        async with running(backend) as thread:
            task = asyncio.create_task(collect(thread, steps=100, scheduler="heun"))
            while len(backend.inputs) < 3:
                await asyncio.sleep(0.001)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            seen = len(backend.inputs)
            await asyncio.sleep(0.1)
            assert len(backend.inputs) <= seen + 1
            assert thread.engine.scheduler.idle

    asyncio.run(main())


def test_a_full_queue_refuses_at_once() -> None:
    async def main() -> None:
        async with running(RecordingBackend(), max_waiting=2) as thread:
            with pytest.raises(Overloaded):
                await collect(thread, n=3)

    asyncio.run(main())


def test_a_failed_step_fails_its_jobs_and_not_the_engine() -> None:
    async def main() -> None:
        async with running(Breaking()) as thread:
            with pytest.raises(ServeError, match="RuntimeError"):
                await collect(thread)
            assert (await collect(thread))[-1].pixels is not None

    asyncio.run(main())


def test_a_stopping_thread_takes_no_more_requests() -> None:
    async def main() -> None:
        async with running(RecordingBackend()) as thread:
            pass
        with pytest.raises(Unavailable):
            await collect(thread)

    asyncio.run(main())


@pytest.fixture
def worker() -> Iterator[Worker]:
    worker = Worker(Engine(RecordingBackend(), 4, 8))
    yield worker
    worker.stop()


def test_a_worker_returns_pictures_in_order_of_seed(worker: Worker) -> None:
    pictures = asyncio.run(_generate(worker))
    assert [picture.seed for picture in pictures] == [5, 6, 7]
    assert all(picture.data.startswith(b"\x89PNG") for picture in pictures)
    assert list(pictures[0].timings) == ["queue", "text", "denoise", "decode", "encode"]


async def _generate(worker: Worker):  # type: ignore[no-untyped-def]
    return await worker.generate(a_request(seed=5, n=3))


def test_a_worker_streams_queued_steps_and_done(worker: Worker) -> None:
    async def main() -> list[Event]:
        return [event async for event in worker.stream(a_request(steps=2))]

    queued, first, second, done = asyncio.run(main())
    assert queued == Queued(0)
    assert [first, second] == [Step(1, 2), Step(2, 2)]
    assert isinstance(done, Done) and done.picture.seed == 7
