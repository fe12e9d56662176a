"""`python -m bench`: all parts, one of them, the quick guard, or the page again from its raw numbers."""

import argparse
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from bench.goals import Goal
from bench.lab import Lab
from bench.machine import describe
from bench.page import goal_table, keep, render
from bench.parts import APART, PARTS
from bench.processes import BenchError
from bench.quick import quick

DOUBTFUL_CPUS = 0.2
QUICK_EFFORT = 0.5
NEEDS = {"latency": ["saturation"], "mixed": ["saturation"]}
"""Parts that load a service by what another part found in the same run."""


def main(argv: Sequence[str] | None = None) -> int:
    """0: done, whatever the goals say; 1: a part could not be measured."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("what", choices=["all", "quick", "page", *PARTS])
    parser.add_argument("--effort", type=float, default=1.0, help="share of the full durations; less keeps no numbers")
    given = parser.parse_args(argv)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that services are stopped
    began = time.monotonic()

    def say(line: str) -> None:
        print(f"[{time.monotonic() - began:4.0f} s] {line}", flush=True)  # noqa: T201

    if given.what == "page":
        print(goal_table(render()))  # noqa: T201
        return 0
    effort = min(given.effort, QUICK_EFFORT) if given.what == "quick" else given.effort
    with Lab(say, effort) as lab:
        if given.what == "quick":
            print(quick(lab))  # noqa: T201
            return 0
        names = (
            [name for name in PARTS if name not in APART]
            if given.what == "all"
            else [*NEEDS.get(given.what, []), given.what]
        )
        failed, goals = run(lab, names, keeping=given.effort >= 1)
    print(f"\n{goal_table(goals)}\n\n{time.monotonic() - began:.0f} s")  # noqa: T201
    for name, reason in failed.items():
        print(f"NOT MEASURED: {name}: {reason}", file=sys.stderr)  # noqa: T201
    return 1 if failed else 0


def run(lab: Lab, names: Sequence[str], keeping: bool) -> tuple[Mapping[str, str], list[Goal]]:
    """Measure, print and keep each part; a part that fails does not keep the others from their turn."""
    machine = describe() | {"when": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")}
    failed: dict[str, str] = {}
    goals: list[Goal] = []
    for i, name in enumerate(names):
        part = PARTS[name]
        try:
            lab.results[name] = part.measure(lab)
        except (BenchError, subprocess.SubprocessError, OSError, ValueError, KeyError) as error:
            failed[name] = f"{type(error).__name__}: {error}"
            continue
        data = lab.results[name]
        strangers = lab.strangers()
        if max(strangers, default=0) > DOUBTFUL_CPUS:
            lab.say(f"doubtful: other programs took {max(strangers)} CPUs during one of the loads")
        print(f"\n{name}\n\n{part.report(data)}\n", flush=True)  # noqa: T201
        goals += part.goals(data)
        if keeping:
            keep(name, data, machine | {"other_cpus": strangers})
            render()
        needed = {service for later in names[i + 1 :] for service in PARTS[later].services(lab.results)}
        lab.stop(*(service for service in list(lab.services) if service not in needed))
    return failed, goals


if __name__ == "__main__":
    sys.exit(main())
