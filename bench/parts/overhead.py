"""What a request costs beyond the engine's own time, and where."""

import json
import re
from collections.abc import Mapping, Sequence
from statistics import median

from bench.arrivals import PROMPT, uniform
from bench.goals import Goal
from bench.lab import Lab
from bench.load import fire
from bench.parts.part import Data, Part
from bench.plan import Answer, Plan
from bench.service import Service
from bench.stats import quantile
from bench.tables import table

COUNT = 60
MODES = {"aot": "Ray's proxy", "aot-haproxy": "HAProxy"}
ENGINE = ["queue", "text", "denoise", "decode"]
LINE = re.compile(r"\{.*\"request_id\".*\}")


def measure(lab: Lab) -> Data:
    return {name: measure_one(lab, name) for name in MODES}


def measure_one(lab: Lab, name: str) -> dict[str, list[float]]:
    service = lab.service(name)
    lab.say(f"overhead of {name}")
    count = max(10, round(lab.effort * COUNT))
    answers = _one_by_one(service, service.url, count)
    health = _one_by_one(service, service.url.replace("/imagine", "/healthz"), count)
    inside = ingress_ms(service.child.output())
    own = median([inside[answer.request_id] for answer in health if answer.request_id in inside])
    parts: dict[str, list[float]] = {part: [] for part in ("total", "proxy", "ingress", "handle", "encode")}
    for answer in answers:
        if answer.request_id in inside:
            for part, value in split(answer, inside[answer.request_id], own).items():
                parts[part].append(value)
    parts["healthz"] = [1000 * (answer.done - answer.sent) for answer in health]
    return parts


def _one_by_one(service: Service, url: str, count: int) -> list[Answer]:
    return fire(Plan(url, uniform([0] * count, 1), PROMPT, clients=1))[2:]


def ingress_ms(log: str) -> Mapping[str, float]:
    """Milliseconds in the ingress of each request, from its access log."""
    lines = [json.loads(found.group()) for found in map(LINE.search, log.splitlines()) if found]
    return {line["request_id"]: line["ms"] for line in lines if "ms" in line}


def split(answer: Answer, ingress: float, own: float) -> Mapping[str, float]:
    """One answer's milliseconds beyond the engine's; `own` is what the ingress takes for an answer of its own."""
    client = 1000 * (answer.done - answer.sent)
    engine = sum(answer.timings[phase] for phase in ENGINE)
    encode = answer.timings["encode"]
    return {
        "total": client - engine,
        "proxy": client - ingress,
        "ingress": own,
        "handle": ingress - own - engine - encode,
        "encode": encode,
    }


def report(data: Data) -> str:
    rows = []
    for name, title in MODES.items():
        parts = data[name]
        middle = [f"{median(parts[part]):.1f}" for part in ("total", "proxy", "ingress", "handle", "encode")]
        rows.append((title, *middle, f"{quantile(parts['total'], 0.95):.1f}", f"{median(parts['healthz']):.1f}"))
    head = ["p50, ms", "total", "proxy and client", "ingress", "handle", "encode", "p95 of total", "GET /healthz"]
    return table(head, rows)


def goals(data: Data) -> Sequence[Goal]:
    bounds = {"aot": 8, "aot-haproxy": 3}
    return [
        Goal(f"overhead of a 128 px PNG, p50, {MODES[name]}", median(data[name]["total"]), bound, unit=" ms")
        for name, bound in bounds.items()
    ]


PART = Part(measure, report, goals, lambda results: ["aot", "aot-haproxy"])
