import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from typing import cast

from gradio_ui.client import Client, Done, Event, Queued, Step
from gradio_ui.errors import Broken, Refused
from gradio_ui.form import Form
from gradio_ui.runs import Drawing, Run, Runs


class FakeClient:
    """Streams two steps and a picture, but raises what `errors` holds for a seed, or hangs after the first step."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.closed: list[str] = []
        self.errors: dict[str, list[Exception]] = {}
        self.hang = False

    async def stream(self, query: Mapping[str, str], key: str = "") -> AsyncGenerator[Event, None]:
        seed = query["seed"]
        self.asked.append(seed)
        try:
            yield Queued(0)
            if self.errors.get(seed):
                raise self.errors[seed].pop(0)
            yield Step(1, 2)
            if self.hang:
                await asyncio.Event().wait()
            yield Done(seed.encode(), "image/png", int(seed), "demo")
        finally:
            self.closed.append(seed)


def make_run(client: FakeClient, *seeds: str) -> Run:
    return Run(cast(Client, client), Form("a cat"), "", [Drawing(seed) for seed in seeds])


async def finish(run: Run) -> None:
    async with aclosing(run.progress()) as news:
        async for _ in news:
            pass


def in_progress(run: Run, then: Callable[[], None]) -> None:
    """Calls `then` once every drawing has taken a step."""

    async def drive() -> None:
        async with aclosing(run.progress()) as news:
            async for _ in news:
                if all(isinstance(drawing.event, Step) for drawing in run.drawings):
                    then()

    asyncio.run(asyncio.wait_for(drive(), 5))


def test_all_pictures_are_drawn_in_order_of_their_seeds() -> None:
    run = make_run(FakeClient(), "7", "8", "9")
    asyncio.run(finish(run))
    assert [picture.data for picture in run.pictures] == [b"7", b"8", b"9"]
    assert run.over
    assert not run.errors


def test_cancel_closes_every_stream_and_keeps_nothing() -> None:
    client = FakeClient()
    client.hang = True
    run = make_run(client, "7", "8")
    in_progress(run, run.cancel)
    assert sorted(client.closed) == ["7", "8"]
    assert run.cancelled
    assert run.pictures == []


def test_a_page_that_leaves_in_the_middle_closes_its_streams() -> None:
    client = FakeClient()
    client.hang = True
    run = make_run(client, "7", "8")

    async def leave() -> None:
        news = run.progress()
        await anext(news)
        await anext(news)
        await news.aclose()

    asyncio.run(leave())
    assert sorted(client.closed) == ["7", "8"]


def test_one_failure_leaves_the_other_pictures() -> None:
    client = FakeClient()
    client.errors["8"] = [Broken("gone")]
    run = make_run(client, "7", "8")
    asyncio.run(finish(run))
    assert [picture.seed for picture in run.pictures] == [7]
    assert [str(error) for error in run.errors] == ["gone"]


def test_a_second_try_draws_only_what_failed() -> None:
    client = FakeClient()
    client.errors["8"] = [Broken("gone")]
    run = make_run(client, "7", "8")
    asyncio.run(finish(run))
    asyncio.run(finish(run))
    assert client.asked == ["7", "8", "8"]
    assert [picture.seed for picture in run.pictures] == [7, 8]
    assert not run.errors


def test_a_starting_service_is_waited_for() -> None:
    client = FakeClient()
    client.errors["7"] = [Refused(503, "not_ready", "loading", retry_after=0), Refused(503, "not_ready", "loading")]
    run = make_run(client, "7")
    asyncio.run(asyncio.wait_for(finish(run), 10))
    assert client.asked == ["7", "7", "7"]
    assert [picture.seed for picture in run.pictures] == [7]


def test_a_full_service_is_not_asked_again_by_itself() -> None:
    client = FakeClient()
    client.errors["7"] = [Refused(503, "overloaded", "full", retry_after=0)]
    run = make_run(client, "7")
    asyncio.run(finish(run))
    assert client.asked == ["7"]
    assert [str(error) for error in run.errors] == ["full"]


def test_a_session_reaches_only_its_own_run() -> None:
    runs, mine, other = Runs(), make_run(FakeClient(), "1"), make_run(FakeClient(), "2")
    runs.start("me", mine)
    runs.start("you", other)
    runs.cancel("me")
    runs.cancel("nobody")
    assert (mine.cancelled, other.cancelled) == (True, False)
    assert runs.find("you") is other


def test_a_closed_page_is_cancelled_and_forgotten() -> None:
    runs, run = Runs(), make_run(FakeClient(), "1")
    runs.start("me", run)
    runs.end("me")
    assert run.cancelled
    assert runs.find("me") is None
