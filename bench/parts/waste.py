"""Clients that leave half-way: what the network still computes for them."""

from collections.abc import Sequence

from bench.arrivals import PROMPT, leaving, uniform
from bench.goals import Goal
from bench.lab import Lab
from bench.metrics import ROW_STEPS, settled
from bench.parts.part import Data, Part
from bench.plan import Plan
from bench.tables import table

STEPS, ROWS, SHARE, COUNT, CLIENTS = 16, 2, 0.3, 40, 6


def measure(lab: Lab) -> Data:
    service = lab.service("aot")
    lab.say("clients that leave")
    before = settled(service, ROW_STEPS)
    shots = leaving(uniform([0] * max(10, round(lab.effort * COUNT)), STEPS), SHARE, seed=5)
    plan = Plan(f"{service.url}/stream", shots, PROMPT, clients=CLIENTS, seconds=90, stream=True)
    answers = service.load(plan)
    computed = settled(service, ROW_STEPS) - before
    stayed = sum(answer.ok for answer in answers)
    left = sum(answer.status == 499 for answer in answers)
    seen = sum(answer.shot.leave_after for answer in answers if answer.status == 499)
    return {"steps": STEPS, "stayed": stayed, "left": left, "computed": computed, "seen": ROWS * seen}


def _after(data: Data) -> float:
    """Row-steps for clients that were gone."""
    return float(data["computed"] - ROWS * data["steps"] * data["stayed"] - data["seen"])


def report(data: Data) -> str:
    row = (data["stayed"], data["left"], data["computed"], data["seen"], _after(data))
    return table(
        ["clients that stayed", "left half-way", "row-steps", "of them seen before leaving", "after leaving"], [row]
    )


def goals(data: Data) -> Sequence[Goal]:
    share = 100 * _after(data) / data["computed"]
    return [Goal("row-steps computed for clients that had left", share, 5, unit=" %")]


PART = Part(measure, report, goals, lambda results: ["aot"])
