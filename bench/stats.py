"""What many timings come down to. No I/O."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, median


@dataclass(frozen=True)
class Summary:
    """A median and how far its rounds lie apart."""

    median: float
    low: float
    high: float

    def __str__(self) -> str:
        return number(self.median) if self.low == self.high else f"{number(self.median)} ({self.span})"

    @property
    def span(self) -> str:
        return f"{number(self.low)} – {number(self.high)}"


def summary(values: Sequence[float]) -> Summary:
    return Summary(median(values), min(values), max(values))


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> Summary:
    """Of each round, ours by theirs: what a slower minute does to both cancels out."""
    return summary([a / b for a, b in zip(ours, theirs, strict=True)])


def quantile(values: Sequence[float], q: float) -> float:
    """The smallest value that at least a share `q` of all do not exceed."""
    ordered = sorted(values)
    if not ordered:
        raise ValueError("a quantile of nothing")
    return ordered[max(0, -(-int(q * 1000) * len(ordered) // 1000) - 1)]


def rate(times: Sequence[float]) -> float:
    """Events per second of a steady stream, by least squares of their count on time.

    Unlike count by duration it is not biased where events come in bursts, as those of a batching server do.
    """
    ordered = sorted(times)
    if len(ordered) < 2 or ordered[0] == ordered[-1]:
        raise ValueError(f"{len(ordered)} events are too few for a rate")
    middle, half = fmean(ordered), (len(ordered) - 1) / 2
    moments = [(t - middle, i - half) for i, t in enumerate(ordered)]
    return sum(t * i for t, i in moments) / sum(t * t for t, _ in moments)


def periodic_rate(times: Sequence[float], period: float, until: float) -> float:
    """Events per second of many sources that each have one every `period`, by whole periods up to `until`.

    The first period and a half is left out, in which the sources begin.
    """
    periods = int(until / period - 1.5)
    if periods < 1:
        raise ValueError(f"{until} s are too few for a rate of events every {period} s")
    begin = until - periods * period
    return sum(begin < t <= until for t in times) / (periods * period)


def number(value: float) -> str:
    """Three significant digits, no exponent."""
    if value == 0:
        return "0"
    if abs(value) >= 100:
        return f"{value:.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}" if abs(value) >= 1 else f"{value:.3f}"
