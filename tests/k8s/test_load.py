"""Simulated waiting against what queueing theory says, where it says something."""

import pytest

from k8s.load import Picture, Waits, simulate

PICTURE = Picture((1024, 1024), steps=20, pair_ms=40.0, around_ms=200.0)


def waits(load: float, replicas: int = 1, max_waiting: int = 1000) -> Waits:
    return simulate(PICTURE, load, replicas, max_rows=8, max_waiting=max_waiting)


def test_one_request_alone_takes_its_steps_and_what_is_around_them() -> None:
    assert PICTURE.alone_s == pytest.approx(1.0)


def test_nobody_waits_where_nobody_comes() -> None:
    assert waits(0.0001) == Waits(half=0, most=0, refused=0, mean=0)


@pytest.mark.parametrize("load", [0.3, 0.5])
def test_one_replica_waits_as_long_as_the_formula_says(load: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Poisson arrivals, equal work, one server (M/D/1): the mean wait is load / (2 (1 - load)) of the work."""
    monkeypatch.setattr("k8s.load.REQUESTS", 4000)
    assert waits(load).mean == pytest.approx(load / (2 * (1 - load)), rel=0.1)


def test_the_same_load_on_more_replicas_waits_less() -> None:
    assert waits(0.7, replicas=12).most < waits(0.7).most / 2


def test_too_much_is_refused_by_the_servers_own_rule() -> None:
    """Once the queue is full, what comes in is what goes out: a third of the requests is too much."""
    crowded = waits(1.5, max_waiting=5)
    assert crowded.refused == pytest.approx(1 / 3, abs=0.05)
    assert crowded.most < 1.0 * (5 + 1.5)  # who is taken waits for the queue and the one in work


def test_it_is_the_same_every_time() -> None:
    assert waits(0.8) == waits(0.8)
