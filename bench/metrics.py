"""Ray's Prometheus page of a service, read while it works."""

import re
import threading
import time
from types import TracebackType
from typing import Self

from bench.service import Service, get

ROW_STEPS = "ray_imagine_row_steps_total"
STEPS = "ray_imagine_step_seconds_count"
STILL_S = 6
"""Longer than the page's own interval: no step has ended since."""
SAMPLE = re.compile(r"^(\w+)(?:\{[^}]*\})? (\S+)$", re.MULTILINE)


def totals(text: str) -> dict[str, float]:
    """Each metric summed over its labels."""
    found: dict[str, float] = {}
    for name, value in SAMPLE.findall(text):
        found[name] = found.get(name, 0.0) + float(value)
    return found


def read(service: Service) -> dict[str, float]:
    return totals(get(service.metrics_url)[1].decode())


def settled(service: Service, name: str, quiet_s: float = 6, most_s: float = 30) -> float:
    """A counter once it has stood still for a while; the page lags behind."""
    deadline = time.monotonic() + most_s
    value, since = read(service).get(name, 0.0), time.monotonic()
    while time.monotonic() < min(deadline, since + quiet_s):
        time.sleep(0.5)
        if (now := read(service).get(name, 0.0)) != value:
            value, since = now, time.monotonic()
    return value


class Occupancy:
    """Rows of the mean step over time, while the body runs."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._over = threading.Event()
        self._samples: list[tuple[float, float, float]] = []
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        began = time.monotonic()
        while not self._over.wait(0.5):
            now = read(self._service)
            self._samples.append((time.monotonic() - began, now.get(ROW_STEPS, 0.0), now.get(STEPS, 0.0)))

    def points(self) -> list[tuple[float, float]]:
        return means(self._samples)


def means(samples: list[tuple[float, float, float]]) -> list[tuple[float, float]]:
    """(time, rows, steps) totals to (time, rows per step) of each interval in which the page changed; 0 if idle."""
    points, last = [], None
    for moment, rows, steps in samples:
        if last is None or steps > last[2]:
            if last is not None:
                points.append((moment, (rows - last[1]) / (steps - last[2])))
            last = (moment, rows, steps)
        elif moment - last[0] > STILL_S:
            points.append((moment, 0.0))
    return points
