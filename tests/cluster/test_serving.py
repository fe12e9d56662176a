"""The application on a real local Ray, started once; the last test stops it."""

import io
import json
import re
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import numpy as np
import psutil
import pytest
from PIL import Image
from server import Server

pytestmark = pytest.mark.cluster
PROMPT = "a red circle on a white background"


def ask(http: httpx.Client, **params: Any) -> httpx.Response:
    return http.get("/imagine", params={"prompt": PROMPT, **params})


def pixels(data: bytes) -> "np.ndarray[Any, Any]":
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).astype(int)


def metric(server: Server, name: str) -> float:
    """The sum of a metric's series, as Prometheus would scrape them."""
    text = httpx.get(f"http://127.0.0.1:{server.metrics_port}/metrics", trust_env=False).text
    return sum(float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if re.match(rf"ray_{name}[{{ ]", line))


def wait_for(condition: Callable[[], bool], seconds: float) -> float:
    """Seconds until the condition holds."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds, f"not within {seconds} s"
        time.sleep(0.2)
    return time.monotonic() - began


def test_a_picture_comes_back_with_its_headers(http: httpx.Client) -> None:
    response = ask(http, seed=7)
    assert response.status_code == 200
    assert pixels(response.content).shape == (128, 128, 3)
    assert response.headers["x-imagine-seed"] == "7"
    assert len(response.headers.get_list("x-request-id")) == 1
    assert {part.split(";")[0].strip() for part in response.headers["server-timing"].split(",")} == {
        "queue", "text", "denoise", "decode", "encode",
    }  # fmt: skip


def test_the_same_url_gives_the_same_bytes(http: httpx.Client) -> None:
    first, second = ask(http, seed=7), ask(http, seed=7)
    assert first.content == second.content
    assert first.headers["etag"] == second.headers["etag"]


def test_the_same_etag_is_answered_without_drawing(http: httpx.Client) -> None:
    etag = ask(http, seed=7).headers["etag"]
    response = http.get("/imagine", params={"prompt": PROMPT, "seed": 7}, headers={"If-None-Match": etag})
    assert response.status_code == 304


def test_several_pictures_come_as_json(http: httpx.Client) -> None:
    response = http.post("/imagine", json={"prompt": PROMPT, "seed": 1, "n": 3, "steps": 4})
    assert [image["seed"] for image in response.json()["images"]] == [1, 2, 3]


def test_a_stream_tells_every_step(http: httpx.Client) -> None:
    with http.stream("GET", "/imagine/stream", params={"prompt": PROMPT, "seed": 7, "steps": 4}) as response:
        text = "".join(response.iter_text())
    assert re.findall(r"event: (\w+)", text) == ["queued", *["step"] * 4, "done"]
    assert json.loads(text.split("data: ")[2].splitlines()[0]) == {"step": 1, "of": 4}


@pytest.mark.parametrize(
    "path, status, code",
    [
        ("/imagine?prompt=", 422, "invalid_value"),
        ("/imagine?prompt=a&steps=0", 422, "invalid_value"),
        ("/imagine?prompt=a&width=64", 422, "unsupported_size"),
        ("/imagine?prompt=a&model=other", 404, "unknown_model"),
        ("/imagine?prompt=a&scheduler=lcm&steps=99", 422, "invalid_value"),
        ("/imagine/stream?prompt=a&scheduler=lcm&steps=99", 422, "invalid_value"),
        ("/nothing", 404, "not_found"),
    ],
)
def test_what_cannot_be_drawn_is_refused(http: httpx.Client, path: str, status: int, code: str) -> None:
    response = http.get(path)
    error = response.json()["error"]
    assert (response.status_code, error["code"]) == (status, code)
    assert error["request_id"] == response.headers["x-request-id"]


def test_a_body_over_the_limit_is_refused(http: httpx.Client) -> None:
    response = http.post("/imagine", content=b"x" * (1 << 20 | 1), headers={"Content-Type": "application/json"})
    assert response.status_code == 413


@pytest.mark.parametrize("path", ["/", "/docs", "/healthz", "/readyz", "/v1/info", "/openapi.json"])
def test_pages_and_health_answer(http: httpx.Client, path: str) -> None:
    assert http.get(path).status_code == 200


def test_sixteen_at_once_get_the_pictures_they_get_alone(http: httpx.Client) -> None:
    schedulers = ["euler", "dpmpp_2m", "ddim", "heun"]
    requests = [
        {"seed": i, "steps": 5 + i, "guidance_scale": [1, 4, 7.5][i % 3], "scheduler": schedulers[i % 4]}
        for i in range(16)
    ]
    alone = [ask(http, **request).content for request in requests]
    with ThreadPoolExecutor(16) as pool:
        together = [answer.content for answer in pool.map(lambda request: ask(http, **request), requests)]
    differences = [int(np.abs(pixels(a) - pixels(b)).max()) for a, b in zip(alone, together, strict=True)]
    assert max(differences) <= 1


def test_too_many_at_once_are_told_to_come_back(http: httpx.Client) -> None:
    with ThreadPoolExecutor(200) as pool:
        answers = list(pool.map(lambda i: ask(http, seed=i, steps=8), range(200)))
    codes = [answer.status_code for answer in answers]
    assert set(codes) == {200, 503}
    assert codes.count(200) >= 32
    assert all(int(answer.headers["retry-after"]) >= 1 for answer in answers if answer.status_code == 503)
    assert ask(http, seed=7).status_code == 200


def test_a_deadline_is_kept_and_frees_the_rows(http: httpx.Client, server: Server) -> None:
    response = http.get(
        "/imagine", params={"prompt": PROMPT, "steps": 100}, headers={"x-request-timeout-seconds": "0.5"}
    )
    assert (response.status_code, response.json()["error"]["code"]) == (504, "deadline_passed")
    began = time.monotonic()
    assert ask(http, steps=1).status_code == 200
    assert time.monotonic() - began < 5


def test_a_client_that_leaves_is_counted_and_its_rows_are_freed(http: httpx.Client, server: Server) -> None:
    time.sleep(12)  # longer than Ray's reporting period
    before = metric(server, "imagine_row_steps_total")
    with pytest.raises(httpx.ReadTimeout):
        http.get("/imagine", params={"prompt": PROMPT, "steps": 100, "scheduler": "heun"}, timeout=0.5)
    time.sleep(12)
    computed = metric(server, "imagine_row_steps_total") - before
    assert 0 < computed < 2 * 199
    text = httpx.get(f"http://127.0.0.1:{server.metrics_port}/metrics", trust_env=False).text
    assert re.search(r'ray_imagine_images_total{.*outcome="cancelled"', text)


def test_metrics_are_there_for_prometheus(http: httpx.Client, server: Server) -> None:
    for name in (
        "imagine_requests_total",
        "imagine_request_seconds_count",
        "imagine_step_seconds_count",
        "imagine_images_total",
    ):
        assert metric(server, name) > 0, name
    assert metric(server, "imagine_queue_length") == 0
    assert metric(server, "imagine_active_rows") == 0


def test_log_lines_are_json_with_the_request_id(http: httpx.Client, server: Server) -> None:
    http.get("/imagine", params={"prompt": PROMPT, "steps": 1}, headers={"X-Request-Id": "find-me"})
    wait_for(lambda: any('"find-me"' in line for line in server.output), 10)
    line = next(line for line in server.output if '"find-me"' in line)
    assert json.loads(line[line.index("{") :])["status"] == 200


def test_a_killed_replica_is_replaced_and_its_requests_are_answered(http: httpx.Client, server: Server) -> None:
    (replica,) = server.replicas()
    with ThreadPoolExecutor(8) as pool:
        answers = [pool.submit(ask, http, seed=i, steps=60) for i in range(8)]
        time.sleep(1)
        replica.kill()
        killed = time.monotonic()
        ready: list[float] = []

        def probe() -> None:
            while not ready and time.monotonic() - killed < 60:
                if ask(http, steps=1).status_code == 200:
                    ready.append(time.monotonic() - killed)

        thread = threading.Thread(target=probe)
        thread.start()
        results = [answer.result(timeout=120) for answer in answers]
        thread.join()
    print("back after", ready, "s; answers", sorted(answer.status_code for answer in results))
    assert all(answer.status_code in (200, 503) for answer in results)
    assert ready and ready[0] <= 15
    (successor,) = server.replicas()
    assert successor.pid != replica.pid


def test_requests_in_flight_finish_when_it_is_stopped_and_no_process_is_left(
    http: httpx.Client, server: Server
) -> None:
    family = server.family()
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(ask, http, seed=7, steps=60)
        time.sleep(0.5)
        assert server.stop() == 0
        assert answer.result().status_code == 200
    assert psutil.wait_procs(family, timeout=10)[1] == []
