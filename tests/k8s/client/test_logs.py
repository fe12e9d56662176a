import json
from collections.abc import Callable

import pytest
from api_server import ApiServer
from kuberay import pod

from k8s.__main__ import main

Run = Callable[..., int]
REPLICAS = "/api/serve/applications/"


@pytest.fixture
def run(access: str) -> Run:
    return lambda *more: main(["logs", "--kubeconfig", access, *more])


def test_lines_of_every_pod_of_a_kind(server: ApiServer, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("models-1", "models-2"):
        pod(server, name, "models")
        server.logs[name] = "one\ntwo"
    pod(server, "head", "head")
    assert run("models", "--tail", "7") == 0
    assert capsys.readouterr().out.splitlines() == ["models-1 one", "models-1 two", "models-2 one", "models-2 two"]
    asked = [query for verb, _, query in server.requests if verb == "log"]
    assert asked == [{"container": "ray-worker", "tailLines": "7", "follow": "false"}] * 2


def test_following_is_of_one_pod(server: ApiServer, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("models-1", "models-2"):
        pod(server, name, "models")
        server.logs[name] = "one\n"
    assert run("models", "--follow") == 0
    assert capsys.readouterr().out == "models-1 one\n"
    assert [query["follow"] for verb, _, query in server.requests if verb == "log"] == ["true"]


def test_replicas_are_asked_by_rays_dashboard(server: ApiServer, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    pod(server, "head", "head")
    replica = {"replica_id": "abc", "state": "RUNNING", "actor_id": "a1"}
    told = {"applications": {"imagine": {"deployments": {"ModelReplica": {"replicas": [replica]}}}}}
    server.answers[8265, REPLICAS] = (200, "application/json", json.dumps(told).encode())
    server.answers[8265, "/api/v0/logs/file"] = (200, "text/plain", b'{"level": "info"}\n')
    assert run("replicas") == 0
    assert capsys.readouterr().out == 'ModelReplica/abc {"level": "info"}\n'


@pytest.mark.parametrize(
    ("of", "code", "told"),
    [
        ("models", 5, "there is no pod of models -> `python -m k8s status` tells why"),
        ("replicas", 1, "no head of a Ray cluster is ready"),
    ],
)
def test_nobody_there_is_said(run: Run, capsys: pytest.CaptureFixture[str], of: str, code: int, told: str) -> None:
    assert run(of) == code
    assert told in capsys.readouterr().err


def test_a_dashboard_that_refuses_is_said(server: ApiServer, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    pod(server, "head", "head")
    server.answers[8265, REPLICAS] = (401, "text/plain", b"no token")
    assert run("replicas") == 1 and "Ray's dashboard answers 401: no token" in capsys.readouterr().err
