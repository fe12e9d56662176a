import logging
from collections.abc import Callable

import pytest
from fakes import FakeReplicas
from fastapi.testclient import TestClient

from serve_app.errors import Overloaded


@pytest.mark.parametrize("path", ["/healthz", "/imagine?prompt=cat", "/imagine", "/nowhere", "/"])
def test_every_answer_carries_the_client_s_request_id(client: TestClient, path: str) -> None:
    assert client.get(path, headers={"X-Request-Id": "mine-7"}).headers["x-request-id"] == "mine-7"


@pytest.mark.parametrize("given", ["", "two words", "x" * 129, "täg".encode()])
def test_a_missing_or_odd_request_id_is_replaced(client: TestClient, given: str | bytes) -> None:
    answers = [client.get("/imagine", headers={"X-Request-Id": given}) for _ in range(2)]
    first, second = (answer.headers["x-request-id"] for answer in answers)
    assert len(first) == 32
    assert first != second
    assert answers[0].json()["error"]["request_id"] == first


def test_behind_a_proxy_that_tags_answers_the_app_does_not(connect: Callable[..., TestClient]) -> None:
    answer = connect(echo_request_id=False).get("/imagine", headers={"X-Request-Id": "mine"})
    assert "x-request-id" not in answer.headers
    assert answer.json()["error"]["request_id"] == "mine"


@pytest.mark.parametrize(
    ("method", "path", "seen"),
    [
        ("GET", "/imagine?prompt=cat", ("/imagine", 200)),
        ("GET", "/imagine?prompt=", ("/imagine", 422)),
        ("GET", "/imagine/stream?prompt=cat", ("/imagine/stream", 200)),
        ("GET", "/v1/info?x=1", ("/v1/info", 200)),
        ("GET", "/nowhere/7", ("unmatched", 404)),
        ("DELETE", "/imagine", ("/imagine", 405)),
    ],
)
def test_each_request_is_observed_once_by_its_route_and_status(
    connect: Callable[..., TestClient], method: str, path: str, seen: tuple[str, int]
) -> None:
    observed: list[tuple[str, int, float]] = []
    connect(observe=lambda *values: observed.append(values)).request(method, path)
    ((route, status, seconds),) = observed
    assert (route, status) == seen
    assert 0 < seconds < 60


@pytest.mark.parametrize(("error", "status"), [(Overloaded("full"), 503), (RuntimeError("secret"), 500)])
def test_failures_are_observed_by_their_status(
    connect: Callable[..., TestClient], replicas: FakeReplicas, error: Exception, status: int
) -> None:
    observed: list[int] = []
    replicas.error = error
    answer = connect(observe=lambda route, code, seconds: observed.append(code)).get("/imagine?prompt=cat")
    assert (answer.status_code, observed) == (status, [status])


def test_each_request_is_one_log_line_without_the_prompt(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "serve_app.api"):
        client.get("/imagine?prompt=secret", headers={"X-Request-Id": "mine"})
    (line,) = [record for record in caplog.records if record.name == "serve_app.api.middleware"]
    assert (line.request_id, line.method, line.route, line.status) == ("mine", "GET", "/imagine", 200)
    assert line.ms > 0
    assert "secret" not in str(vars(line))
