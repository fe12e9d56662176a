"""Images per second with eight clients that never pause, against peers and against the bare compiled network."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from statistics import median

from bench.arrivals import PROMPT, uniform
from bench.contenders import ARTIFACT, CHECKPOINT, CONTENDERS, OURS, PEERS
from bench.goals import Goal
from bench.lab import Lab
from bench.load import completions
from bench.parts.part import Data, Part
from bench.pictures import difference
from bench.plan import Plan
from bench.processes import ROOT
from bench.stats import rate, ratios, summary
from bench.tables import table

CLIENTS, STEPS, ROWS, ROUNDS = 8, 8, 8, 2
LONG_STEPS = 25
LIMIT, LOOP = "the bare compiled UNet", "plain diffusers, no HTTP"


def measure(lab: Lab) -> Data:
    data: Data = {"clients": CLIENTS, "steps": STEPS, "long_steps": LONG_STEPS, "images_per_s": {}}
    services = [*PEERS, *OURS]
    data["difference"] = _differences(lab, services)
    for turn in range(ROUNDS):
        order = [*services, LOOP, LIMIT][:: (-1) ** turn]
        for name in order:
            value = _alone(lab, name) if name in (LOOP, LIMIT) else saturate(lab, name, STEPS)
            data["images_per_s"].setdefault(name, []).append(value)
    data["long_images_per_s"] = saturate(lab, "aot", LONG_STEPS)
    return data


def _differences(lab: Lab, services: Sequence[str]) -> dict[str, int]:
    """How far the same seed's picture is from plain diffusers', in 255ths: all draw the same or nothing is compared."""
    reference = lab.service(next(iter(PEERS))).picture(7, STEPS)
    return {name: difference(reference, lab.service(name).picture(7, STEPS)) for name in services}


def saturate(lab: Lab, name: str, steps: int) -> float:
    service, seconds = lab.service(name), lab.seconds(8 if steps == STEPS else 14)
    lab.say(f"saturating {name}, {steps} steps")
    shots = uniform([0] * 2000, steps)
    answers = service.load(Plan(service.url, shots, PROMPT, service.method, clients=CLIENTS, seconds=seconds))
    return rate(completions(answers, seconds))


def _alone(lab: Lab, name: str) -> float:
    """Images per second of a program that serves nobody."""
    lab.say(name)
    lab.hush()
    return limit(lab) if name == LIMIT else 1 / median(_run("bench.peers.diffusers_loop", CHECKPOINT, lab.seconds(4)))


def limit(lab: Lab) -> float:
    """Guided pictures a second, two rows a step, where every CPU calls the UNet with its share of the rows."""
    lab.hush()
    lab.compile()
    cpus = min(os.cpu_count() or 1, ROWS)
    with ThreadPoolExecutor(cpus) as pool:
        calls = [
            pool.submit(_run, "bench.limit", ARTIFACT, lab.seconds(4), f"--rows={ROWS // cpus}") for _ in range(cpus)
        ]
    return sum(1000 * (ROWS / cpus / 2) / (STEPS * median(call.result())) for call in calls)


def _run(module: str, model: object, seconds: float, *flags: str) -> list[float]:
    command = [sys.executable, "-m", module, f"--model={model}", f"--seconds={seconds}", "--threads=1", *flags]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=True)
    found: list[float] = json.loads(done.stdout)
    return found


def best_peer(data: Data) -> tuple[str, float]:
    """The peer with the greatest median rate, and that rate."""
    rates = {name: median(data["images_per_s"][name]) for name in PEERS}
    name = max(rates, key=lambda name: rates[name])
    return name, rates[name]


def best_of_ours(data: Data) -> str:
    return max(OURS, key=lambda name: median(data["images_per_s"][name]))


def finalists(results: Mapping[str, Data]) -> Sequence[str]:
    """The best peer and our best, once they are known."""
    data = results.get("saturation")
    return [best_peer(data)[0], best_of_ours(data)] if data else []


def report(data: Data) -> str:
    rates = data["images_per_s"]
    peer, _ = best_peer(data)
    rows = [
        (
            CONTENDERS[name].title if name in CONTENDERS else name,
            summary(values),
            ratios(values, rates[peer]),
            ratios(values, rates[LIMIT]),
            data["difference"].get(name, ""),
        )
        for name, values in rates.items()
    ]
    head = ["", "images/s", "÷ best peer", "÷ bare UNet", "pixels off, of 255"]
    return table(head, rows)


def goals(data: Data) -> Sequence[Goal]:
    rates, (peer, _), ours = data["images_per_s"], best_peer(data), best_of_ours(data)
    long = data["long_images_per_s"] / (median(rates[LIMIT]) * data["steps"] / data["long_steps"])
    return [
        Goal(
            f"images/s, {CONTENDERS[ours].title} ÷ {CONTENDERS[peer].title}",
            ratios(rates[ours], rates[peer]).median,
            3,
            True,
        ),
        Goal(f"share of the limit, {STEPS} steps", ratios(rates["aot"], rates[LIMIT]).median, 0.85, True),
        Goal(f"share of the limit, {LONG_STEPS} steps", long, 0.85, True),
    ]


PART = Part(measure, report, goals, lambda results: [*PEERS, *OURS])
