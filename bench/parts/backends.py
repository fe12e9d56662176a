"""Denoise time per image, eager and compiled, alone and eight at once."""

from collections.abc import Sequence
from statistics import median

from bench.arrivals import PROMPT, uniform
from bench.goals import Goal
from bench.lab import Lab
from bench.load import completions
from bench.parts.part import Data, Part
from bench.plan import Plan
from bench.stats import rate, ratios, summary
from bench.tables import table

NAMES = ["eager", "aot"]
CLIENTS = [1, 8]
STEPS = 8
ROUNDS = 2


def measure(lab: Lab) -> Data:
    for name in NAMES:
        lab.service(name)
    data: Data = {"steps": STEPS, "denoise_ms": {}, "text_ms": {}, "decode_ms": {}, "images_per_s": {}}
    for turn in range(ROUNDS):
        for clients in CLIENTS:
            for name in NAMES[:: (-1) ** turn]:
                _measure(lab, name, clients, data)
    return data


def _measure(lab: Lab, name: str, clients: int, data: Data) -> None:
    service, seconds = lab.service(name), lab.seconds(3 if clients == 1 else 7)
    plan = Plan(service.url, uniform([0] * 1000, STEPS), PROMPT, clients=clients, seconds=seconds)
    answers = service.load(plan)
    key = f"{name} {clients}"
    for phase in ("text", "denoise", "decode"):
        taken = [answer.timings[phase] for answer in answers if answer.ok]
        data[f"{phase}_ms"].setdefault(key, []).append(median(taken))
    data["images_per_s"].setdefault(key, []).append(rate(completions(answers, seconds)))


def report(data: Data) -> str:
    denoise, images = data["denoise_ms"], data["images_per_s"]
    rows = [
        (
            str(clients),
            *(summary(denoise[f"{name} {clients}"]) for name in NAMES),
            ratios(denoise[f"aot {clients}"], denoise[f"eager {clients}"]),
            ratios(images[f"aot {clients}"], images[f"eager {clients}"]),
        )
        for clients in CLIENTS
    ]
    denoising = table(["at once", "eager, ms", "aot, ms", "aot ÷ eager", "images/s, aot ÷ eager"], rows)
    alone = [
        (phase, *(summary(data[f"{phase}_ms"][f"{name} 1"]) for name in NAMES))
        for phase in ("text", "denoise", "decode")
    ]
    return f"{denoising}\n\n{table(['of one picture alone', 'eager, ms', 'aot, ms'], alone)}"


def goals(data: Data) -> Sequence[Goal]:
    found = []
    for clients, bound in zip(CLIENTS, (0.5, 0.35), strict=True):
        key = f"{{}} {clients}"
        value = ratios(data["denoise_ms"][key.format("aot")], data["denoise_ms"][key.format("eager")]).median
        found.append(Goal(f"denoise time of an image, {clients} at once, aot ÷ eager", value, bound))
    return found


PART = Part(measure, report, goals, lambda results: NAMES)
