"""The load generator against a small server of its own."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import web

from bench.load import _run, completions, server_timing
from bench.plan import Answer, Plan, Shot

Handler = Callable[[web.Request], Any]


async def answers_of(handler: Handler, **plan: Any) -> list[Answer]:
    app = web.Application()
    app.router.add_route("*", "/imagine", handler)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        return await _run(Plan(f"http://127.0.0.1:{runner.addresses[0][1]}/imagine", prompt="a", **plan))
    finally:
        await runner.cleanup()


def fire(handler: Handler, **plan: Any) -> list[Answer]:
    return asyncio.run(answers_of(handler, **plan))


async def ok(request: web.Request) -> web.Response:
    return web.Response(body=b"1234", headers={"Server-Timing": "queue;dur=1.5, text;dur=2.0"})


def test_an_answer_has_status_size_and_timings() -> None:
    (answer,) = fire(ok, shots=[Shot(0, 8)])
    assert (answer.status, answer.bytes, answer.timings) == (200, 4, {"queue": 1.5, "text": 2.0})
    assert 0 <= answer.sent <= answer.done


def test_parameters_and_request_ids_reach_the_service() -> None:
    seen = []

    async def record(request: web.Request) -> web.Response:
        seen.append((dict(request.query), request.headers["X-Request-Id"]))
        return web.Response()

    (answer,) = fire(record, shots=[Shot(0, 8, seed=3)])
    assert seen == [({"prompt": "a", "steps": "8", "seed": "3"}, answer.request_id)]


def test_post_sends_json() -> None:
    seen = []

    async def record(request: web.Request) -> web.Response:
        seen.append(await request.json())
        return web.Response()

    fire(record, shots=[Shot(0, 8)], method="POST")
    assert seen == [{"prompt": "a", "steps": 8, "seed": 0}]


def test_in_open_loop_arrivals_do_not_wait_for_answers() -> None:
    """All five are inside at once, though nobody is answered before the fifth has come."""
    inside = 0
    all_here = asyncio.Event()

    async def together(request: web.Request) -> web.Response:
        nonlocal inside
        inside += 1
        if inside == 5:
            all_here.set()
        await all_here.wait()
        return web.Response()

    assert [answer.status for answer in fire(together, shots=[Shot(0, 1)] * 5, timeout_s=5)] == [200] * 5


def test_clients_of_a_closed_loop_ask_one_after_another() -> None:
    inside, most = 0, 0

    async def count(request: web.Request) -> web.Response:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        await asyncio.sleep(0.005)
        inside -= 1
        return web.Response()

    assert len(fire(count, shots=[Shot(0, 1)] * 9, clients=3)) == 9
    assert most == 3


def test_a_closed_loop_ends_with_its_time() -> None:
    answers = fire(ok, shots=[Shot(0, 1)] * 100_000, clients=1, seconds=0.1)
    assert 0 < len(answers) < 100_000


def test_a_service_that_does_not_answer_is_status_0() -> None:
    async def silent(request: web.Request) -> web.Response:
        await asyncio.sleep(10)
        return web.Response()

    assert [answer.status for answer in fire(silent, shots=[Shot(0, 1)], timeout_s=0.05)] == [0]


def test_latency_counts_from_the_time_a_request_should_have_come() -> None:
    assert Answer(Shot(1.0, 8), sent=3.0, done=4.0, status=200).latency == 3.0


def test_a_client_leaves_after_the_steps_it_was_told() -> None:
    gone = asyncio.Event()

    async def stream(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            for _ in range(1000):
                await response.write(b"event: step\ndata: {}\n\n")
                await asyncio.sleep(0.001)
        except ConnectionError:
            gone.set()
        return response

    (answer,) = fire(stream, shots=[Shot(0, 16, leave_after=8)], stream=True)
    assert answer.status == 499 and gone.is_set()


def test_only_this_machine_is_loaded() -> None:
    with pytest.raises(ValueError, match="this machine only"):
        asyncio.run(_run(Plan("http://192.0.2.1/imagine", [Shot(0, 1)], "a")))


def test_a_plan_survives_its_journey() -> None:
    plan = Plan("http://127.0.0.1/imagine", [Shot(0.5, 8, 3, 4)], "a", clients=2, stream=True)
    assert Plan.from_json(plan.to_json()) == plan


def test_timings_of_no_header_are_none() -> None:
    assert server_timing("") == {}
    assert server_timing("cache, db;dur=2") == {"db": 2.0}


def test_only_pictures_that_came_in_time_count() -> None:
    answers = [Answer(Shot(0, 8), 0, done, status) for done, status in [(1, 200), (2, 503), (9, 200)]]
    assert completions(answers, until=5) == [1]
