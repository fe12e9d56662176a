import re
from collections.abc import Callable, Iterator

import httpx
import pytest
from fakes import FakeReplicas
from fastapi.testclient import TestClient

from serve_app.errors import DeadlinePassed, NotReady, Overloaded, ReplicaLost, ServeError

JSON = {"Content-Type": "application/json"}


def error(answer: httpx.Response) -> dict[str, str]:
    body = answer.json()
    assert body.keys() == {"error"}
    assert body["error"].keys() == {"code", "message", "param", "request_id"}
    assert body["error"]["request_id"] == answer.headers["x-request-id"]
    assert answer.headers["cache-control"] == "no-store"
    return body["error"]


WRONG = [
    ({"prompt": None}, "prompt", "required"),
    ({"prompt": ""}, "prompt", "at least 1"),
    ({"prompt": " \t\n"}, "prompt", "pattern"),
    ({"prompt": "x" * 2001}, "prompt", "at most 2000"),
    ({"negative_prompt": "x" * 2001}, "negative_prompt", "at most 2000"),
    ({"steps": 0}, "steps", "greater than or equal to 1"),
    ({"steps": 101}, "steps", "less than or equal to 100"),
    ({"steps": "abc"}, "steps", "abc"),
    ({"steps": 2.5}, "steps", "integer"),
    ({"guidance_scale": "nan"}, "guidance_scale", "finite"),
    ({"guidance_scale": "inf"}, "guidance_scale", "finite"),
    ({"guidance_scale": -1}, "guidance_scale", "greater than or equal to 0"),
    ({"guidance_scale": 50.5}, "guidance_scale", "less than or equal to 50"),
    ({"seed": 2**64}, "seed", "18446744073709551615"),
    ({"seed": -1}, "seed", "greater than or equal to 0"),
    ({"seed": "abc"}, "seed", "integer"),
    ({"width": 0}, "width", "greater than or equal to 1"),
    ({"height": -8}, "height", "greater than or equal to 1"),
    ({"scheduler": "magic"}, "scheduler", "'dpmpp_2m_karras'"),
    ({"format": "gif"}, "format", "'webp'"),
    ({"quality": 0}, "quality", "greater than or equal to 1"),
    ({"quality": 101}, "quality", "less than or equal to 100"),
    ({"promt": "a cat"}, "promt", "no such parameter"),
]


@pytest.mark.parametrize(("params", "param", "told"), WRONG)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_wrong_value_is_refused_by_its_name(
    client: TestClient, replicas: FakeReplicas, method: str, params: dict[str, object], param: str, told: str
) -> None:
    given = {name: value for name, value in ({"prompt": "a cat"} | params).items() if value is not None}
    answer = client.request(method, "/imagine", **({"params": given} if method == "GET" else {"json": given}))
    assert answer.status_code == 422
    assert (error(answer)["code"], error(answer)["param"]) == ("invalid_value", param)
    assert error(answer)["message"].startswith(param)
    assert told in error(answer)["message"]
    assert replicas.requests == []


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_numbers_that_json_does_not_have_are_refused(client: TestClient, value: str) -> None:
    body = f'{{"prompt": "a cat", "guidance_scale": {value}}}'
    answer = client.post("/imagine", content=body, headers=JSON)
    assert (answer.status_code, error(answer)["param"]) == (422, "guidance_scale")


@pytest.mark.parametrize("n", [0, 5, -1, "two"])
def test_one_to_four_pictures_are_drawn_at_once(client: TestClient, n: object) -> None:
    answer = client.post("/imagine", json={"prompt": "a cat", "n": n})
    assert (answer.status_code, error(answer)["param"]) == (422, "n")


def test_a_get_is_one_picture(client: TestClient) -> None:
    answer = client.get("/imagine", params={"prompt": "a cat", "n": 2})
    assert (answer.status_code, error(answer)["param"]) == (422, "n")


@pytest.mark.parametrize(
    ("size", "param"),
    [({"width": 1024}, "width"), ({"height": 7}, "height"), ({"width": 48, "height": 48}, "height")],
)
def test_a_size_that_is_not_served_is_answered_with_those_that_are(
    client: TestClient, size: dict[str, int], param: str
) -> None:
    answer = client.get("/imagine", params={"prompt": "a cat", **size})
    assert answer.status_code == 422
    assert (error(answer)["code"], error(answer)["param"]) == ("unsupported_size", param)
    assert "allowed: 64x48, 48x64, 64x64" in error(answer)["message"]


def test_an_unknown_model_is_404_with_those_that_are_served(client: TestClient) -> None:
    answer = client.get("/imagine", params={"prompt": "a cat", "model": "sdxl"})
    assert answer.status_code == 404
    assert (error(answer)["code"], error(answer)["param"]) == ("unknown_model", "model")
    assert error(answer)["message"] == "model='sdxl': not served here; allowed: demo"


def test_a_long_wrong_value_is_not_repeated_whole(client: TestClient) -> None:
    answer = client.get("/imagine", params={"prompt": "a cat", "seed": "9" * 5000})
    assert error(answer)["param"] == "seed"
    assert len(error(answer)["message"]) < 300


@pytest.mark.parametrize(
    "body", ["", "{", '{"prompt": "a cat"', '["a cat"]', '"a cat"', "null", "1", b"\xff\xfe", '{"prompt": "\\ud8"}']
)
def test_a_body_that_is_no_json_object_is_malformed(client: TestClient, body: str | bytes) -> None:
    answer = client.post("/imagine", content=body, headers=JSON)
    assert (answer.status_code, error(answer)["code"], error(answer)["param"]) == (400, "malformed_request", None)


def test_a_form_is_malformed(client: TestClient) -> None:
    answer = client.post("/imagine", data={"prompt": "a cat"})
    assert (answer.status_code, error(answer)["code"]) == (400, "malformed_request")
    assert "application/json" in error(answer)["message"]


@pytest.mark.parametrize(
    ("body", "status"), [('{"prompt": "\\ud800"}', 422), ('{"prompt": "a cat", "\\ud800": 1}', 400)]
)
def test_half_a_character_is_refused(client: TestClient, body: str, status: int) -> None:
    answer = client.post("/imagine", content=body, headers=JSON)
    assert answer.status_code == status
    assert error(answer)["code"] in ("invalid_value", "malformed_request")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [("DELETE", "/imagine", {"GET", "POST"}), ("POST", "/imagine/stream", {"GET"}), ("POST", "/healthz", {"GET"})],
)
def test_a_wrong_method_is_told_the_right_ones(client: TestClient, method: str, path: str, allowed: set[str]) -> None:
    answer = client.request(method, path)
    assert (answer.status_code, error(answer)["code"]) == (405, "method_not_allowed")
    assert set(re.split(", *", answer.headers["allow"])) == allowed


@pytest.mark.parametrize("path", ["/imagin", "/imagine/7", "/v1", "/favicon.ico"])
def test_an_unknown_path_is_not_found(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, error(answer)["code"]) == (404, "not_found")
    assert path in error(answer)["message"]


def test_a_body_declared_too_large_is_refused(connect: Callable[..., TestClient], replicas: FakeReplicas) -> None:
    answer = connect(max_body_bytes=100).post("/imagine", json={"prompt": "x" * 100})
    assert (answer.status_code, error(answer)["code"]) == (413, "body_too_large")
    assert "100 bytes" in error(answer)["message"]
    assert replicas.requests == []


def test_a_body_that_grows_too_large_is_refused(connect: Callable[..., TestClient], replicas: FakeReplicas) -> None:
    def chunks() -> Iterator[bytes]:
        yield b'{"prompt": "'
        yield b"x" * 100
        yield b'"}'

    answer = connect(max_body_bytes=100).post("/imagine", content=chunks(), headers=JSON)
    assert "content-length" not in answer.request.headers
    assert (answer.status_code, error(answer)["code"]) == (413, "body_too_large")
    assert replicas.requests == []


def test_a_body_of_just_the_limit_is_taken(connect: Callable[..., TestClient]) -> None:
    body = b'{"prompt": "a cat"}'
    assert connect(max_body_bytes=len(body)).post("/imagine", content=body, headers=JSON).status_code == 200
    assert connect(max_body_bytes=len(body) - 1).post("/imagine", content=body, headers=JSON).status_code == 413


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("raised", [Overloaded("32 images wait"), NotReady("loading"), ReplicaLost("gone")])
def test_who_may_try_again_is_told_when(
    client: TestClient, replicas: FakeReplicas, method: str, raised: ServeError
) -> None:
    replicas.error = raised
    wish = {"prompt": "a cat"}
    answer = client.request(method, "/imagine", **({"params": wish} if method == "GET" else {"json": wish}))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, str(raised.retry_after))
    assert (error(answer)["code"], error(answer)["message"]) == (raised.code, str(raised))


@pytest.mark.parametrize("raised", [ServeError("the replica failed"), DeadlinePassed("gone")])
def test_other_refusals_say_nothing_of_trying_again(
    client: TestClient, replicas: FakeReplicas, raised: ServeError
) -> None:
    replicas.error = raised
    answer = client.get("/imagine", params={"prompt": "a cat"})
    assert (answer.status_code, error(answer)["code"]) == (raised.status, raised.code)
    assert "retry-after" not in answer.headers


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_client_s_deadline_ends_the_drawing(client: TestClient, replicas: FakeReplicas, method: str) -> None:
    replicas.hang, wish = True, {"prompt": "a cat"}
    given = {"params": wish} if method == "GET" else {"json": wish}
    answer = client.request(method, "/imagine", headers={"x-request-timeout-seconds": "0.05"}, **given)
    assert (answer.status_code, error(answer)["code"]) == (504, "deadline_passed")
    assert replicas.cancelled == 1


def test_no_client_has_longer_than_the_service_allows(
    connect: Callable[..., TestClient], replicas: FakeReplicas
) -> None:
    replicas.hang = True
    client = connect(request_timeout_s=0.05)
    answer = client.get("/imagine", params={"prompt": "a cat"}, headers={"x-request-timeout-seconds": "86400"})
    assert error(answer)["message"] == "the request's 0.05 s are over"


@pytest.mark.parametrize("seconds", ["soon", "0", "-1", "nan", "inf", "86401", ""])
@pytest.mark.parametrize(("method", "path"), [("GET", "/imagine"), ("POST", "/imagine"), ("GET", "/imagine/stream")])
def test_a_wrong_deadline_is_refused(client: TestClient, method: str, path: str, seconds: str) -> None:
    given = {"params": {"prompt": "a cat"}} if method == "GET" else {"json": {"prompt": "a cat"}}
    answer = client.request(method, path, headers={"x-request-timeout-seconds": seconds}, **given)
    assert (answer.status_code, error(answer)["param"]) == (422, "x-request-timeout-seconds")
    assert repr(seconds) in error(answer)["message"]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_unexpected_error_tells_no_secret(client: TestClient, replicas: FakeReplicas, method: str) -> None:
    replicas.error, wish = RuntimeError("secret path"), {"prompt": "a cat"}
    given = {"params": wish} if method == "GET" else {"json": wish}
    answer = client.request(method, "/imagine", headers={"X-Request-Id": "mine"}, **given)
    assert (answer.status_code, answer.headers["content-type"]) == (500, "application/json")
    body = answer.json()["error"]
    assert (body["code"], body["param"], body["request_id"]) == ("internal", None, "mine")
    assert not re.search("secret|Traceback|RuntimeError", answer.text)


def test_an_unexpected_error_carries_the_request_id_as_every_answer_does(
    client: TestClient, replicas: FakeReplicas
) -> None:
    replicas.error = RuntimeError("secret path")
    answer = client.get("/imagine", params={"prompt": "a cat"}, headers={"X-Request-Id": "mine"})
    assert answer.headers.get("x-request-id") == "mine"


@pytest.mark.parametrize(("given", "told"), [("0.05", "0.045"), ("0.01", "0.009")])
def test_the_deadline_comes_a_little_before_the_client_s_own(
    client: TestClient, replicas: FakeReplicas, given: str, told: str
) -> None:
    replicas.hang = True
    answer = client.get("/imagine", params={"prompt": "a cat"}, headers={"x-request-timeout-seconds": given})
    assert error(answer)["message"] == f"the request's {told} s are over"
