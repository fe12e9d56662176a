"""Latency of requests that come at random, at shares of what the best peer can do at most."""

from collections.abc import Sequence
from pathlib import Path

from bench import plots
from bench.arrivals import PROMPT, poisson, uniform
from bench.contenders import CONTENDERS
from bench.goals import Goal
from bench.lab import Lab
from bench.parts.part import Data, Part
from bench.parts.saturation import STEPS, best_of_ours, best_peer, finalists
from bench.plan import Plan
from bench.stats import number, quantile
from bench.tables import table

LOADS = [0.3, 0.6, 0.9]
SECONDS = 20
QUANTILES = [0.5, 0.95, 0.99]


def measure(lab: Lab) -> Data:
    saturated = lab.result("saturation")
    peer, capacity = best_peer(saturated)
    ours = best_of_ours(saturated)
    data: Data = {"peer": peer, "ours": ours, "capacity": capacity, "loads": LOADS, "latency_s": {}, "refused": {}}
    for turn, load in enumerate(LOADS):
        shots = uniform(poisson(load * capacity, lab.seconds(SECONDS), seed=turn), STEPS)
        for name in [peer, ours][:: (-1) ** turn]:
            lab.say(f"{name} at {load:.0%} of {number(capacity)} images/s")
            service = lab.service(name)
            answers = service.load(Plan(service.url, shots, PROMPT, service.method))
            data["latency_s"].setdefault(name, []).append([answer.latency for answer in answers if answer.ok])
            data["refused"].setdefault(name, []).append(sum(not answer.ok for answer in answers))
    return data


def report(data: Data) -> str:
    rows = []
    for i, load in enumerate(data["loads"]):
        for name in (data["peer"], data["ours"]):
            values = data["latency_s"][name][i]
            marks = [f"{1000 * quantile(values, q):.0f}" for q in QUANTILES]
            rows.append((CONTENDERS[name].title, f"{load:.0%}", len(values), *marks, data["refused"][name][i]))
    head = ["", "load", "requests", "p50, ms", "p95, ms", "p99, ms", "refused"]
    return f"{table(head, rows)}\n\n![p50 and p95 against load](performance/latency.png)"


def goals(data: Data) -> Sequence[Goal]:
    at = data["loads"].index(0.6)
    ours, theirs = (quantile(data["latency_s"][data[who]][at], 0.95) for who in ("ours", "peer"))
    what = f"p95 at 60 % load, {CONTENDERS[data['ours']].title} ÷ {CONTENDERS[data['peer']].title}"
    return [Goal(what, ours / theirs, 0.35)]


def plot(data: Data, folder: Path) -> None:
    curves = {
        f"{CONTENDERS[name].title}, p{q * 100:.0f}": [
            (100 * load, 1000 * quantile(values, q))
            for load, values in zip(data["loads"], data["latency_s"][name], strict=True)
        ]
        for name in (data["peer"], data["ours"])
        for q in (0.5, 0.95)
    }
    plots.lines(folder / "latency.png", curves, "load, % of the best peer's capacity", "latency, ms", log=True)


PART = Part(measure, report, goals, finalists, plot)
