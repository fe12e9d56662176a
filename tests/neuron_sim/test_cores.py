"""Replicas and their NeuronCores on a real Ray, with the simulated SDK."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from children import ROOT, calls, environment, run
from server import Server

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(1200)]


@pytest.fixture(scope="module")
def server(neuron: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Path]]:
    """`python -m serve_app` on a machine that says it has two NeuronCores."""
    log = tmp_path_factory.mktemp("served") / "served.log"
    cores = {"RAY_OVERRIDE_RESOURCES": json.dumps({"neuron_cores": 2})}
    server = Server.start(f"--model={neuron / 'artifact'}", env=environment(log, **cores))
    yield server, log
    server.kill()


def imagine(server: Server, **params: Any) -> httpx.Response:
    prompt = {"prompt": "a red circle", "steps": 2, "seed": 1}
    return httpx.get(f"{server.url}/imagine", params=prompt | params, timeout=60, trust_env=False)


def test_it_serves_both_sizes(server: tuple[Server, Path]) -> None:
    for width, height in ((128, 128), (128, 64)):
        assert imagine(server[0], width=width, height=height).status_code == 200


def test_a_size_that_was_not_compiled_is_refused_with_those_that_were(server: tuple[Server, Path]) -> None:
    answer = imagine(server[0], width=64, height=64)
    assert answer.status_code == 422
    assert "allowed: 128x128, 128x64" in answer.json()["error"]["message"]


def test_ray_gave_the_replica_the_cores_of_a_chip_without_being_told(server: tuple[Server, Path]) -> None:
    assert {call["visible_cores"] for call in calls(server[1], "set_neuron_cores")} == {"0,1"}


def test_running_and_starting_replicas_are_a_metric(server: tuple[Server, Path]) -> None:
    deadline = time.monotonic() + 40  # Ray reports every ten seconds
    while 'state="starting"' not in (metrics := scrape(server[0])) and time.monotonic() < deadline:
        httpx.get(f"{server[0].url}/readyz", trust_env=False)
        time.sleep(1)
    lines = [line for line in metrics.splitlines() if "imagine_replicas{" in line]
    assert any('state="running"' in line and line.endswith(" 1.0") for line in lines)
    assert any('state="starting"' in line and line.endswith(" 0.0") for line in lines)


def scrape(server: Server) -> str:
    return httpx.get(f"http://127.0.0.1:{server.metrics_port}/metrics", timeout=30, trust_env=False).text


@pytest.fixture(scope="module")
def found(neuron: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What `cores.py` saw on two nodes of four cores with five replicas wanted."""
    log = tmp_path_factory.mktemp("cores") / "cores.log"
    env = environment(log, RAY_AUTH_MODE="disabled", SERVE_SLOW_STARTUP_WARNING_S="5")
    env["PYTHONPATH"] += f":{ROOT / 'tests'}"
    result = run([str(ROOT / "tests" / "neuron_sim" / "cores.py"), str(neuron / "artifact")], env)
    assert result.returncode == 0, result.stderr[-4000:]
    (line,) = (line for line in result.stdout.splitlines() if line.startswith("{"))
    found: dict[str, Any] = json.loads(line)
    print(json.dumps(found, indent=2))
    return found


def test_four_replicas_have_disjoint_and_sorted_cores_on_each_node(found: dict[str, Any]) -> None:
    assert found["cores"] == ["0,1", "0,1", "2,3", "2,3"]
    assert found["picture"] == 200


def test_a_fifth_replica_waits_and_says_so(found: dict[str, Any]) -> None:
    wanted = found["five_wanted"]
    assert (wanted["running"], wanted["starting"]) == (4, 1)
    assert "neuron_cores" in wanted["note"]


def test_a_lost_replica_comes_back(found: dict[str, Any]) -> None:
    assert found["replica_back_after_s"] > 0


def test_a_lost_node_is_survived_and_replaced(found: dict[str, Any]) -> None:
    assert found["picture_with_one_node"] == 200
    assert found["node_back_after_s"] > 0
