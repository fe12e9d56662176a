"""Short jobs among long ones: what the long ones cost the short."""

from collections.abc import Sequence
from pathlib import Path

from bench import plots
from bench.arrivals import PROMPT, mixed, poisson
from bench.contenders import CONTENDERS
from bench.goals import Goal
from bench.lab import Lab
from bench.metrics import Occupancy
from bench.parts.part import Data, Part
from bench.parts.saturation import STEPS, best_of_ours, best_peer, finalists
from bench.plan import Plan
from bench.stats import quantile
from bench.tables import table

LONG, SHARE, LOAD, SECONDS, ROWS = 40, 0.2, 0.7, 36, 8


def measure(lab: Lab) -> Data:
    saturated = lab.result("saturation")
    peer, capacity = best_peer(saturated)
    ours = best_of_ours(saturated)
    steps = STEPS * (1 - SHARE) + LONG * SHARE
    rate = LOAD * capacity * STEPS / steps
    shots = mixed(poisson(rate, lab.seconds(SECONDS), seed=3), STEPS, LONG, SHARE, seed=4)
    data: Data = {"peer": peer, "ours": ours, "rate": rate, "latency_s": {}, "steps": [STEPS, LONG]}
    for name in (peer, ours):
        lab.say(f"{name}: {len(shots)} requests of {STEPS} and {LONG} steps")
        service = lab.service(name)
        plan = Plan(service.url, shots, PROMPT, service.method)
        if name == ours:
            with Occupancy(service) as occupancy:
                answers = service.load(plan)
            data["occupancy"] = occupancy.points()
        else:
            answers = service.load(plan)
        data["latency_s"][name] = {
            str(n): [answer.latency for answer in answers if answer.ok and answer.shot.steps == n]
            for n in (STEPS, LONG)
        }
    return data


def report(data: Data) -> str:
    rows = []
    for name in (data["peer"], data["ours"]):
        for steps in data["steps"]:
            values = data["latency_s"][name][str(steps)]
            marks = [f"{1000 * quantile(values, q):.0f}" for q in (0.5, 0.95)]
            rows.append((CONTENDERS[name].title, steps, len(values), *marks))
    text = table(["", "steps", "requests", "p50, ms", "p95, ms"], rows)
    return f"{text}\n\n![rows of the mean step over time](performance/occupancy.png)"


def goals(data: Data) -> Sequence[Goal]:
    short = str(data["steps"][0])
    ours, theirs = (quantile(data["latency_s"][data[who]][short], 0.95) for who in ("ours", "peer"))
    what = f"p95 of short jobs among long, {CONTENDERS[data['ours']].title} ÷ {CONTENDERS[data['peer']].title}"
    return [Goal(what, ours / theirs, 0.4)]


def plot(data: Data, folder: Path) -> None:
    plots.steps(folder / "occupancy.png", data["occupancy"], "seconds", "UNet rows per step", ROWS)


PART = Part(measure, report, goals, finalists, plot)
