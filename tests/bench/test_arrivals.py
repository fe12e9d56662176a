import pytest

from bench.arrivals import leaving, mixed, poisson, uniform


def test_the_same_seed_gives_the_same_arrivals() -> None:
    assert poisson(3, 10, seed=1) == poisson(3, 10, seed=1) != poisson(3, 10, seed=2)


def test_arrivals_are_ordered_in_time_and_about_as_many_as_asked() -> None:
    times = poisson(5, 1000, seed=0)
    assert times == sorted(times) and 0 < times[0] and times[-1] < 1000
    assert len(times) == pytest.approx(5000, rel=0.05)


def test_every_request_has_a_seed_of_its_own() -> None:
    assert [(shot.at, shot.seed, shot.steps) for shot in uniform([0.5, 0.7], 8)] == [(0.5, 0, 8), (0.7, 1, 8)]


def test_the_share_of_long_jobs_is_exact() -> None:
    shots = mixed([0.1] * 50, 8, 40, share=0.2, seed=3)
    assert sorted(shot.steps for shot in shots) == [8] * 40 + [40] * 10


def test_who_leaves_does_so_half_way() -> None:
    shots = leaving(uniform([0.0] * 20, 16), 0.3, seed=5)
    assert sorted(shot.leave_after for shot in shots) == [0] * 14 + [8] * 6
