"""From the start of the process to the first picture, and the memory of all processes together."""

from collections.abc import Sequence

from bench.contenders import CONTENDERS
from bench.goals import Goal
from bench.lab import Lab
from bench.parts.part import Data, Part
from bench.tables import table

NAMES = ["eager", "aot"]


def measure(lab: Lab) -> Data:
    """Ours start once more, alone: a second Ray on a machine waits four seconds for a port that the first has."""
    for name in NAMES:
        lab.stop(*lab.services)
        lab.service(name)
        lab.stop(name)
    return {name: {"first_image_s": first, "peak_mib": peak} for name, (first, peak) in lab.starts().items()}


def report(data: Data) -> str:
    rows = [
        (CONTENDERS[name].title, f"{found['first_image_s']:.1f}", f"{found['peak_mib']:.0f}")
        for name, found in data.items()
    ]
    return table(["", "first image, s", "peak PSS, MiB"], rows)


def goals(data: Data) -> Sequence[Goal]:
    seconds = [Goal(f"start to first image, {n}", data[n]["first_image_s"], 12, unit=" s") for n in NAMES]
    memory = [Goal(f"peak memory, {n}", data[n]["peak_mib"] * 2**20 / 1e9, 1.6, unit=" GB") for n in NAMES]
    return [*seconds, *memory]


PART = Part(measure, report, goals)
