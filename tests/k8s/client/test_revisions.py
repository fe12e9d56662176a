"""`upgrade`, `rollback`, `revisions`: what was there before can be had again."""

import json
from collections.abc import Callable

import pytest
from api_server import ApiServer
from kuberay import healthy, play

from k8s.__main__ import main

Run = Callable[..., int]


@pytest.fixture
def run(access: str, server: ApiServer) -> Run:
    waiting = ("--poll", "0.01", "--timeout", "3")
    play(server, healthy)
    return lambda command, *more: main([command, "--kubeconfig", access, *more, *waiting])


def image(server: ApiServer) -> str:
    spec = server.find("RayService", "imagine")["spec"]["rayClusterConfig"]["headGroupSpec"]["template"]["spec"]
    return str(spec["containers"][0]["image"])


def live(server: ApiServer) -> str:
    return str(server.find("RayService", "imagine")["metadata"]["annotations"]["imagine-server/revision"])


def test_an_upgrade_tells_what_changes(server: ApiServer, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("deploy") == 0
    assert run("upgrade", "--image", "reg.example/imagine-server:0.2.0", "--set", "max_rows=16") == 0
    told = capsys.readouterr().err
    group = "RayService imagine $.spec.rayClusterConfig.headGroupSpec.template.spec.containers[0].image"
    assert f"{group}: imagine-server:0.1.0 -> reg.example/imagine-server:0.2.0" in told
    assert "$.spec.serveConfigV2.applications[0].args.max_rows: (absent) -> 16" in told
    assert "the pods stay as they are" not in told  # NewCluster replaces them by itself
    assert image(server) == "reg.example/imagine-server:0.2.0" and live(server) == "2"


def test_an_upgrade_of_nothing_is_refused(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("upgrade") == 5
    assert "there is no RayService imagine in namespace imagine -> `python -m k8s deploy`" in capsys.readouterr().err


def test_a_rollback_brings_back_the_revision_before(server: ApiServer, run: Run) -> None:
    for tag in ("1", "2", "3"):
        assert run("deploy", "--image", f"imagine-server:{tag}") == 0
    assert run("rollback") == 0
    assert (image(server), live(server)) == ("imagine-server:2", "2")
    assert run("rollback") == 0
    assert (image(server), live(server)) == ("imagine-server:1", "1")
    assert run("rollback", "--to", "3") == 0
    assert (image(server), live(server)) == ("imagine-server:3", "3")


def test_a_revision_that_is_not_kept_is_named(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("deploy") == 0
    assert run("rollback") == 5 and "no revision before 1 is kept -> kept: 1;" in capsys.readouterr().err
    assert run("rollback", "--to", "7") == 5 and "no revision 7 is kept" in capsys.readouterr().err


def test_the_same_again_is_no_new_revision(server: ApiServer, run: Run) -> None:
    assert run("deploy") == 0 and run("deploy") == 0
    assert server.names("ConfigMap") == {"imagine-revision-1"}


def test_revisions_are_listed_with_the_live_one(access: str, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("deploy", "--image", "imagine-server:1") == 0 and run("deploy", "--image", "imagine-server:2") == 0
    capsys.readouterr()
    assert main(["revisions", "--kubeconfig", access, "--output", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [(r["revision"], r["image"], r["live"]) for r in told] == [
        (1, "imagine-server:1", False),
        (2, "imagine-server:2", True),
    ]


def test_pods_that_stay_are_told_and_replaced_on_demand(
    server: ApiServer, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    """inf2 has the strategy None: a new image waits until the Ray cluster goes."""
    assert run("deploy", "--overlay", "inf2") == 0
    server.put("RayCluster", "imagine-abc")
    assert run("upgrade", "--overlay", "inf2", "--image", "imagine-server:2") == 0
    assert "the pods stay as they are until the Ray cluster is replaced" in capsys.readouterr().err
    assert server.names("RayCluster") == {"imagine-abc"}
    play(server, *[healthy] * 12, lambda s: healthy(s, "imagine-new"))
    assert run("upgrade", "--overlay", "inf2", "--image", "imagine-server:2", "--replace") == 0
    assert server.names("RayCluster") == set()
    assert "Ray cluster imagine-new (active)" in capsys.readouterr().err
