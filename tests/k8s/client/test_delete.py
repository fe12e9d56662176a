"""`delete`: asks, removes in the right order, keeps what holds data."""

import io
import json
from collections.abc import Callable

import pytest
from api_server import ApiServer
from kuberay import pod

from k8s.__main__ import main

Run = Callable[..., int]


@pytest.fixture
def run(access: str, server: ApiServer) -> Run:
    assert main(["deploy", "--no-wait", "--kubeconfig", access]) == 0
    return lambda *more: main(["delete", "--kubeconfig", access, "--poll", "0.01", "--timeout", "1", *more])


def test_ray_goes_first_and_the_namespace_last(server: ApiServer, run: Run) -> None:
    assert run("--yes") == 0
    deleted = [path.rsplit("/", 2)[1:] for verb, path, _ in server.requests if verb == "delete"]
    assert deleted[0] == ["rayservices", "imagine"] and deleted[-1] == ["namespaces", "imagine"]
    assert ["statefulsets", "redis"] in deleted and len(deleted) == 15


def test_buckets_are_kept_and_that_is_said(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert run("--yes", "--output", "json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["kept"].startswith("kept: S3 buckets") and "RayService imagine" in told["deleted"]


@pytest.mark.parametrize(("answer", "code"), [("imagine\n", 0), ("yes\n", 2), ("", 2)])
def test_it_asks_for_the_name(
    server: ApiServer, run: Run, monkeypatch: pytest.MonkeyPatch, answer: str, code: int
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(answer))
    assert run() == code
    assert bool(server.names("RayService")) is (code != 0)


def test_pods_that_stay_stop_it_before_redis_goes(
    server: ApiServer, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    """KubeRay clears the cluster's keys in Redis after the last pod."""
    pod(server, "models-1", "models")
    assert run("--yes") == 7
    assert "pods are still there: models-1 -> run it again" in capsys.readouterr().err
    assert server.names("StatefulSet") == {"redis"}


def test_what_is_gone_already_is_no_error(server: ApiServer, run: Run) -> None:
    server.objects.pop(("rayservices", "imagine"))
    assert run("--yes") == 0


def test_without_a_record_the_overlay_must_be_named(
    server: ApiServer, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    server.objects.pop(("configmaps", "imagine-revision-1"))
    assert run("--yes") == 5
    assert "name what was deployed, such as --overlay inf2" in capsys.readouterr().err
    assert run("--yes", "--overlay", "cpu") == 0
