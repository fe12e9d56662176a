"""More replicas: does serving keep up? They sleep as long as SDXL's steps take on one Inferentia2 chip."""

import sys
import time
from collections.abc import Sequence

from bench.arrivals import PROMPT, uniform
from bench.goals import Goal
from bench.lab import Lab
from bench.load import completions, fire
from bench.parts.part import Data, Part
from bench.plan import Plan
from bench.processes import BenchError, Child, pss_mib
from bench.service import free_port
from bench.stats import number, periodic_rate, quantile, rate
from bench.tables import table

STEP_MS = 260.0
"""A guided pair of SDXL base at 1024 x 1024 on one chip: 3.84 steps/s, from the log in Ray's documentation."""
FASTER = 4
"""The few replicas with the real engine run at a quarter of that time, to draw enough pictures in seconds."""
FEW, FEW_STEPS, SEVERAL, MANY = [1, 2, 4], 8, 24, 64
MANY_STEPS, MANY_S = [30, 8, 2], [28.0, 9.0, 7.0]
CLIENTS, START_S = 3, 240


def measure(lab: Lab) -> Data:
    few = _Cluster(lab, "engine", STEP_MS / FASTER)
    return {
        "step_ms": STEP_MS,
        "faster": FASTER,
        "few": few.measure([(count, FEW_STEPS, 10.0) for count in FEW]),
        "many": _many(lab, SEVERAL),
    }


def measure_many(lab: Lab) -> Data:
    return {"step_ms": STEP_MS, "many": _many(lab, MANY)}


def _many(lab: Lab, most: int) -> list[Data]:
    count = max(2, round(lab.effort * most))
    return _Cluster(lab, "light", STEP_MS).measure([(count, n, s) for n, s in zip(MANY_STEPS, MANY_S, strict=True)])


class _Cluster:
    """A sleeping service for the time of its measurements."""

    def __init__(self, lab: Lab, kind: str, step_ms: float) -> None:
        self.lab = lab
        self.kind = kind
        self.step_ms = step_ms
        self.port = free_port()

    def measure(self, series: Sequence[tuple[int, int, float]]) -> list[Data]:
        module = ["-m", "bench.sleeping.service", f"--kind={self.kind}", f"--step-ms={self.step_ms}"]
        command = [sys.executable, *module, f"--port={self.port}"]
        self.lab.hush()
        child = Child(command, self.lab.log(self.kind), {"RAY_AUTH_MODE": "disabled"})
        try:
            found, present = [], 0
            for count, steps, seconds in series:
                start_s = self._scale(child, count) if count != present else 0.0
                present = count
                found.append({"start_s": start_s, "mib": pss_mib(child.pids), **self._load(count, steps, seconds)})
            return found
        finally:
            if left := child.stop():
                self.lab.say(f"{self.kind} left processes behind, killed: {left}")

    def _scale(self, child: Child, count: int) -> float:
        self.lab.say(f"{count} sleeping replicas ({self.kind})")
        began = time.monotonic()
        child.say(str(count))
        while f"ready {count}\n" not in child.output():
            if not child.running or time.monotonic() > began + START_S:
                raise BenchError(f"{count} replicas did not start; the end of the log:\n{child.output()[-2000:]}")
            time.sleep(0.2)
        return time.monotonic() - began

    def _load(self, count: int, steps: int, seconds: float) -> Data:
        self.lab.say(f"{count} replicas, {steps} steps")
        image_s = steps * self.step_ms / 1000
        url = f"http://127.0.0.1:{self.port}/imagine"
        shots = uniform([0] * 10_000, steps)
        plan = Plan(url, shots, PROMPT, clients=CLIENTS * count, seconds=seconds, stagger_s=image_s)
        answers = fire(plan)
        done = sorted(completions(answers, seconds))
        many = self.kind == "light"
        return {
            "replicas": count,
            "steps": steps,
            "images_per_s": periodic_rate(done, image_s, seconds) if many else rate(done[count:]),
            "linear": count / image_s,
            "p95_s": quantile([answer.latency for answer in answers if answer.ok], 0.95),
            "failed": sum(not answer.ok for answer in answers),
        }


def report(data: Data) -> str:
    fast = data["step_ms"] / data["faster"]
    return f"The real engine, a step of {fast:g} ms:\n\n{_table(data['few'])}\n\n{report_many(data)}"


def report_many(data: Data) -> str:
    return f"Without an engine, a step of {data['step_ms']:g} ms:\n\n{_table(data['many'])}"


def _table(series: Sequence[Data]) -> str:
    head = ["replicas", "steps", "images/s", "÷ sleeping alone", "p95, s", "failed", "memory, MiB"]
    return table(head, [_row(found) for found in series])


def _row(found: Data) -> tuple[object, ...]:
    share = found["images_per_s"] / found["linear"]
    rates = number(found["images_per_s"]), number(share), number(found["p95_s"])
    return found["replicas"], found["steps"], *rates, found["failed"], f"{found['mib']:.0f}"


def goals(data: Data) -> Sequence[Goal]:
    one, four = data["few"][0], data["few"][-1]
    linear = four["images_per_s"] / (four["replicas"] * one["images_per_s"])
    return [
        Goal(f"images/s of {four['replicas']} replicas ÷ {four['replicas']} × one", linear, 0.97, True),
        *goals_many(data),
    ]


def goals_many(data: Data) -> Sequence[Goal]:
    real = data["many"][0]
    what = f"images/s of {real['replicas']} replicas ÷ linear, at SDXL's own speed"
    return [Goal(what, real["images_per_s"] / real["linear"], 0.9, True)]


PART = Part(measure, report, goals)
MANY_PART = Part(measure_many, report_many, goals_many)
"""Apart, for 64 processes take minutes to start on two CPUs."""
