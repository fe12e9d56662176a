import pytest

from bench.stats import Summary, number, periodic_rate, quantile, rate, ratios, summary


def test_a_summary_has_the_median_and_the_ends() -> None:
    assert summary([3.0, 1.0, 2.0]) == Summary(2.0, 1.0, 3.0)


def test_a_summary_of_one_round_shows_no_spread() -> None:
    assert str(summary([2.0])) == "2.00"
    assert str(summary([1.0, 3.0])) == "2.00 (1.00 – 3.00)"


def test_ratios_are_taken_within_a_round() -> None:
    """A second round on a machine half as fast changes no ratio."""
    assert ratios([6.0, 3.0], [2.0, 1.0]) == Summary(3.0, 3.0, 3.0)


def test_ratios_refuse_rounds_that_do_not_pair() -> None:
    with pytest.raises(ValueError):
        ratios([1.0], [1.0, 2.0])


@pytest.mark.parametrize(("q", "value"), [(0.5, 50), (0.95, 95), (0.99, 99), (1.0, 100), (0.001, 1)])
def test_a_quantile_is_a_value_that_was_measured(q: float, value: float) -> None:
    assert quantile(range(100, 0, -1), q) == value


def test_p95_of_few_values_is_the_greatest() -> None:
    assert quantile([1.0, 9.0, 2.0], 0.95) == 9.0


def test_a_quantile_of_nothing_is_an_error() -> None:
    with pytest.raises(ValueError, match="nothing"):
        quantile([], 0.5)


def test_the_rate_of_a_steady_stream() -> None:
    assert rate([0.5 * i for i in range(10)]) == pytest.approx(2.0)


def test_bursts_have_the_rate_of_their_stream() -> None:
    """Eight pictures every four seconds are two a second; count by duration would say 3.2 here."""
    assert rate([4.0 * (i // 8) for i in range(24)]) == pytest.approx(2.0)


def test_sources_of_any_phase_have_their_rate() -> None:
    """Three that have a picture every two seconds, all in the same half second."""
    times = [2.0 * i + phase for i in range(1, 10) for phase in (0.0, 0.2, 0.5)]
    assert periodic_rate(times, 2.0, until=10.3) == pytest.approx(1.5)


def test_a_time_too_short_for_a_period_has_no_rate() -> None:
    with pytest.raises(ValueError, match="too few"):
        periodic_rate([1.0], 2.0, until=4.0)


@pytest.mark.parametrize("times", [[], [1.0], [1.0, 1.0]])
def test_too_few_events_have_no_rate(times: list[float]) -> None:
    with pytest.raises(ValueError, match="too few"):
        rate(times)


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0"), (0.04567, "0.046"), (1.234, "1.23"), (12.34, "12.3"), (1234.5, "1234")]
)
def test_numbers_are_short(value: float, text: str) -> None:
    assert number(value) == text
