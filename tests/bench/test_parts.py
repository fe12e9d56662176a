"""Goals and tables from raw numbers that are made up here."""

from typing import Any

import pytest

from bench.parts import PARTS, overhead, saturation, waste
from bench.parts.saturation import LIMIT, LOOP
from bench.plan import Answer, Shot

RATES = {"fastapi": [3.0, 2.0], "blueprint": [5.0, 4.0], "litserve": [4.0, 4.0], LOOP: [3.0, 3.0], LIMIT: [10.0, 8.0]}
OURS = {"eager": [4.0, 3.0], "aot": [15.0, 12.0]}
SATURATION: dict[str, Any] = {
    "images_per_s": RATES | OURS,
    "long_images_per_s": 2.0,
    "steps": 8,
    "long_steps": 25,
    "difference": {"fastapi": 0, "aot": 1},
}


def test_the_best_peer_is_the_one_with_the_greatest_median() -> None:
    assert saturation.best_peer(SATURATION) == ("blueprint", 4.5)
    assert saturation.best_of_ours(SATURATION) == "aot"


def test_nothing_is_known_of_finalists_before_saturation() -> None:
    assert saturation.finalists({}) == []
    assert saturation.finalists({"saturation": SATURATION}) == ["blueprint", "aot"]


def test_goals_of_saturation_are_ratios() -> None:
    against_peer, against_limit, long = saturation.goals(SATURATION)
    assert against_peer.value == 3.0 and against_peer.met
    assert against_limit.value == pytest.approx(1.5) and against_limit.met
    assert long.value == pytest.approx(2.0 / (9.0 * 8 / 25))


def test_every_contender_is_in_the_table() -> None:
    text = saturation.report(SATURATION)
    assert all(title in text for title in ("FastAPI", "LitServe", "blueprint", "ours, aot", LIMIT, LOOP))


def test_work_for_the_departed_is_what_nobody_saw() -> None:
    """Ten stayed for 16 steps, four left after 8, two rows each; 20 row-steps more were computed."""
    data = {"steps": 16, "stayed": 10, "left": 4, "computed": 404.0, "seen": 64}
    (goal,) = waste.goals(data)
    assert goal.value == pytest.approx(100 * 20 / 404) and goal.met


def test_the_parts_of_the_overhead_add_up_to_it() -> None:
    timings = {"queue": 1.0, "text": 2.0, "denoise": 30.0, "decode": 7.0, "encode": 2.0}
    answer = Answer(Shot(0, 1), sent=1.0, done=1.050, status=200, timings=timings)
    parts = overhead.split(answer, ingress=46.0, own=0.5)
    assert parts["total"] == pytest.approx(10.0)
    assert sum(parts[name] for name in ("proxy", "ingress", "handle", "encode")) == pytest.approx(parts["total"])


def test_the_access_log_is_found_among_other_lines() -> None:
    line = '(ServeReplica pid=1) {"time": "x", "message": "request", "request_id": "b-1", "ms": 4.5}'
    assert overhead.ingress_ms(f"ready\n{line}\nnot json {{\n") == {"b-1": 4.5}


def test_parts_that_use_another_part_come_after_it() -> None:
    names = list(PARTS)
    assert names.index("saturation") < min(names.index("latency"), names.index("mixed"))
