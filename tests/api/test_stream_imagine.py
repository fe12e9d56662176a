import base64
import io
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from fakes import FakeReplicas
from fastapi.testclient import TestClient
from PIL import Image

from serve_app.errors import NotReady, Overloaded, ReplicaLost


def stream(client: TestClient, headers: dict[str, str] | None = None, **params: object) -> httpx.Response:
    return client.get("/imagine/stream", params={"prompt": "a red cat", **params}, headers=headers)


def events(answer: httpx.Response) -> list[tuple[str, Any]]:
    found = []
    for block in answer.text.replace("\r\n", "\n").strip().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.split("\n") if not line.startswith(":"))
        found.append((fields["event"], json.loads(fields["data"])))
    return found


def test_a_stream_tells_of_the_queue_and_each_step_and_ends_with_the_picture(client: TestClient) -> None:
    answer = stream(client, seed=9)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["cache-control"] == "no-store"
    *news, (name, done) = events(answer)
    assert news == [("queued", {"position": 2}), ("step", {"step": 1, "of": 2}), ("step", {"step": 2, "of": 2})]
    (image,) = done["images"]
    assert (name, done["model"], image["seed"], image["media_type"]) == ("done", "demo", 9, "image/png")
    assert Image.open(io.BytesIO(base64.b64decode(image["data"]))).size == (64, 48)


def test_a_stream_takes_the_parameters_of_a_picture(client: TestClient, replicas: FakeReplicas) -> None:
    stream(client, seed=9, steps=3, format="webp", negative_prompt="blurry")
    (request,) = replicas.requests
    assert (request.seed, request.steps, request.format, request.negative_prompt) == (9, 3, "webp", "blurry")


@pytest.mark.parametrize("error", [Overloaded("full"), NotReady("loading"), ReplicaLost("gone")])
def test_a_refusal_before_the_first_event_is_an_answer_with_its_status(
    client: TestClient, replicas: FakeReplicas, error: Overloaded
) -> None:
    replicas.error = error
    answer = stream(client)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, str(error.retry_after))
    assert answer.json()["error"]["code"] == error.code


def test_a_later_error_is_the_last_event(client: TestClient, replicas: FakeReplicas) -> None:
    replicas.error, replicas.events = ReplicaLost("gone"), 2
    answer = stream(client, headers={"X-Request-Id": "mine"})
    assert answer.status_code == 200
    error = {"code": "replica_lost", "message": "gone", "param": None, "request_id": "mine"}
    assert [name for name, _ in events(answer)] == ["queued", "step", "error"]
    assert events(answer)[-1] == ("error", {"error": error})


def test_an_unexpected_error_in_a_stream_tells_no_secret(client: TestClient, replicas: FakeReplicas) -> None:
    replicas.error, replicas.events = RuntimeError("secret path"), 1
    answer = stream(client)
    assert "queued" in answer.text
    assert "secret" not in answer.text
    assert "done" not in answer.text


@pytest.mark.parametrize(("given", "status"), [(0, 504), (2, 200)])
def test_the_deadline_ends_a_stream_and_frees_its_rows(
    connect: Callable[..., TestClient], replicas: FakeReplicas, given: int, status: int
) -> None:
    replicas.hang, replicas.events = True, given
    answer = stream(connect(request_timeout_s=0.05))
    assert (answer.status_code, replicas.cancelled) == (status, 1)
    error = answer.json() if status == 504 else events(answer)[-1][1]
    assert error["error"]["code"] == "deadline_passed"


@pytest.mark.parametrize(("params", "status"), [({"prompt": ""}, 422), ({"steps": 0}, 422), ({"model": "x"}, 404)])
def test_a_wrong_request_never_starts_a_stream(
    client: TestClient, replicas: FakeReplicas, params: dict[str, object], status: int
) -> None:
    answer = stream(client, **params)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/json"
    assert replicas.requests == []
