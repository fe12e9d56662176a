import asyncio
import io
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from fakes import FakeReplicas
from PIL import Image

from gradio_ui.client import Client, Done, Queued, Step, server_sent_events
from gradio_ui.errors import Broken, Refused, Unreachable
from serve_app.core import ReplicaCounts
from serve_app.errors import DeadlinePassed, Overloaded

Collect = Callable[[Any], list[Any]]
PROMPT = {"prompt": "a red cat"}


def events_of(*lines: str) -> list[tuple[str, str]]:
    async def source() -> AsyncIterator[str]:
        for line in lines:
            yield line

    async def everything() -> list[tuple[str, str]]:
        return [event async for event in server_sent_events(source())]

    return asyncio.run(everything())


def test_events_are_parsed_and_pings_passed_over() -> None:
    assert events_of(": ping", "", "event: step", "data: 1", "", "data:a", "data: b", "") == [
        ("step", "1"),
        ("message", "a\nb"),
    ]


def test_an_event_that_is_cut_off_does_not_count() -> None:
    assert events_of("event: done", 'data: {"im') == []


def test_info_tells_models_schedulers_and_limits(served: Callable[..., Client]) -> None:
    info = asyncio.run(served().info())
    assert [(m.name, m.sizes, m.steps) for m in info.models] == [
        ("demo", ("64x48", "48x64"), 25),
        ("other", ("32x32",), 4),
    ]
    assert "heun" in info.schedulers
    assert (info.limits.n, info.limits.seed) == (4, 2**64 - 1)
    assert info.model("other").scheduler == "lcm"


def test_a_stream_tells_queue_steps_and_the_picture_as_the_service_made_it(
    served: Callable[..., Client], collect: Collect
) -> None:
    *news, done = collect(served().stream(PROMPT | {"seed": str(2**63)}))
    assert news == [Queued(2), Step(1, 2), Step(2, 2)]
    assert isinstance(done, Done)
    assert (done.seed, done.model, done.media_type) == (2**63, "demo", "image/png")
    assert "Seed: 9223372036854775808" in Image.open(io.BytesIO(done.data)).info["parameters"]


def test_a_refusal_has_code_sentence_and_field(served: Callable[..., Client], collect: Collect) -> None:
    with pytest.raises(Refused, match="steps='0'") as error:
        collect(served().stream(PROMPT | {"steps": "0"}))
    assert (error.value.status, error.value.code, error.value.param) == (422, "invalid_value", "steps")


def test_an_overloaded_service_tells_when_to_try_again(
    served: Callable[..., Client], replicas: FakeReplicas, collect: Collect
) -> None:
    replicas.error = Overloaded("full")
    with pytest.raises(Refused) as error:
        collect(served().stream(PROMPT))
    assert (error.value.code, error.value.retry_after, error.value.starting) == ("overloaded", 2, False)


def test_a_service_without_a_warm_replica_is_starting(served: Callable[..., Client], replicas: FakeReplicas) -> None:
    replicas.replicas = ReplicaCounts(0)
    with pytest.raises(Refused) as error:
        asyncio.run(served().ready())
    assert error.value.starting
    assert error.value.retry_after == 5


def test_an_error_in_the_middle_of_a_stream_is_raised(
    served: Callable[..., Client], replicas: FakeReplicas, collect: Collect
) -> None:
    replicas.error, replicas.events = DeadlinePassed("too late"), 2
    with pytest.raises(Refused, match="too late") as error:
        collect(served().stream(PROMPT))
    assert error.value.code == "deadline_passed"


def test_a_stream_without_an_end_is_broken(answering: Callable[..., Client], collect: Collect) -> None:
    client = answering(lambda _: httpx.Response(200, text='event: step\ndata: {"step": 1, "of": 9}\n\nevent: do'))
    with pytest.raises(Broken, match="before the picture was finished"):
        collect(client.stream(PROMPT))


@pytest.mark.parametrize(
    ("error", "ours"),
    [
        (httpx.ConnectError("refused"), Unreachable),
        (httpx.ConnectTimeout("slow"), Unreachable),
        (httpx.ReadError("reset"), Broken),
        (httpx.ReadTimeout("silent"), Broken),
    ],
)
def test_trouble_on_the_way_becomes_our_error(
    answering: Callable[..., Client], collect: Collect, error: Exception, ours: type[Exception]
) -> None:
    def fail(_: httpx.Request) -> httpx.Response:
        raise error

    with pytest.raises(ours):
        collect(answering(fail).stream(PROMPT))
    with pytest.raises(ours):
        asyncio.run(answering(fail).info())


def test_an_error_that_a_proxy_made_is_told_by_its_status(answering: Callable[..., Client]) -> None:
    client = answering(lambda _: httpx.Response(503, text="<h1>busy</h1>", headers={"Retry-After": "7"}))
    with pytest.raises(Refused, match="status 503") as error:
        asyncio.run(client.info())
    assert (error.value.code, error.value.retry_after, error.value.param) == ("overloaded", 7, None)


@pytest.mark.parametrize("body", ["<html>", "[]", "{}", json.dumps({"models": [{"name": "a"}]})])
def test_another_server_at_the_address_is_no_image_service(answering: Callable[..., Client], body: str) -> None:
    with pytest.raises(Broken, match="not an image service"):
        asyncio.run(answering(lambda _: httpx.Response(200, text=body)).info())


def test_the_pages_key_wins_over_the_processs(answering: Callable[..., Client]) -> None:
    seen = []

    def look(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers.get("Authorization"))
        return httpx.Response(401, json={"error": {"code": "unauthorized", "message": "no"}})

    for own, given in (("", ""), ("own", ""), ("own", "given")):
        with pytest.raises(Refused) as error:
            asyncio.run(answering(look, own).ready(given))
        assert error.value.wants_key
    assert seen == [None, "Bearer own", "Bearer given"]
