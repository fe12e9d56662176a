import json
import time
from typing import Any

import pytest

from k8s.__main__ import main
from k8s.prices import CONTROL_PLANE, HOURS, ON_DEMAND


@pytest.fixture
def plan(capsys: pytest.CaptureFixture[str]) -> Any:
    def plan(rate: str, *more: str) -> dict[str, Any]:
        assert main(["plan", "--rate", rate, "--output", "json", *more]) == 0
        told: dict[str, Any] = json.loads(capsys.readouterr().out)
        return told

    return plan


@pytest.mark.parametrize("rate", ["0.4/s", "2000/s"])
def test_it_answers_in_time_and_keeps_the_wait(plan: Any, rate: str) -> None:
    start = time.process_time()
    found = plan(rate, "--steps", "30")
    assert time.process_time() - start < 5
    assert found["waits"]["most"] <= 15 and found["waits"]["refused"] <= 0.001
    assert 0 < found["busy"] < 1


def test_replicas_grow_with_rate_steps_and_area(plan: Any) -> None:
    few = plan("5/s", "--steps", "3", "--size", "512x512")["replicas"]
    assert few < plan("5/s", "--steps", "9", "--size", "512x512")["replicas"]
    assert few < plan("5/s", "--steps", "3", "--size", "1024x512")["replicas"]
    assert few < plan("10/s", "--steps", "3", "--size", "512x512")["replicas"]


def test_a_shorter_wait_takes_more(plan: Any) -> None:
    assert plan("4/s", "--steps", "3", "--max-wait", "1")["replicas"] > plan("4/s", "--steps", "3")["replicas"]


def test_nodes_and_cost_follow_from_replicas(plan: Any) -> None:
    found = plan("9/s", "--steps", "3", "--instance", "inf2.24xlarge")
    assert found["nodes"] == -(-found["replicas"] // 6)
    hour = found["nodes"] * ON_DEMAND["inf2.24xlarge"] + 2 * ON_DEMAND["c7i.2xlarge"] + CONTROL_PLANE
    assert found["on_demand"] == pytest.approx(HOURS * hour) and found["reserved"] < found["on_demand"]


def test_what_the_overlay_does_not_reach_is_said(plan: Any) -> None:
    assert plan("0.4/s", "--steps", "3")["remarks"] == []
    assert [remark.split(":")[0] for remark in plan("2000/s", "--steps", "3")["remarks"]] == [
        "the inf2 overlay ends at 12 replicas",
        "10 ingress workers are needed, the overlays have 2",
    ]


def test_people_are_told_what_is_assumed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "--rate", "3/min", "--steps", "30"]) == 0
    told = capsys.readouterr().out
    assert "8.9 s each when alone" in told and "from memory, unverified" in told and "2026-11" in told


@pytest.mark.parametrize(
    "more",
    [
        ("--rate", "many"),
        ("--rate", "0/s"),
        ("--rate", "5/day"),
        ("--size", "1000"),
        ("--size", "1001x1000"),
        ("--steps", "0"),
        ("--instance", "inf2.xlarge"),
        ("--max-wait", "0"),
        ("--max-rows", "1"),
    ],
)
def test_a_wrong_value_is_named(capsys: pytest.CaptureFixture[str], more: tuple[str, str]) -> None:
    assert main(["plan", "--rate", "1/s", *more]) == 2
    assert f"{more[0]} {more[1]}" in capsys.readouterr().err
