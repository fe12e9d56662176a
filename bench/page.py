"""docs/performance.md: prose by people, and blocks between markers that the command writes."""

import json
import re
from collections.abc import Mapping
from typing import Any

from bench.goals import Goal, verdicts
from bench.parts import PARTS
from bench.processes import ROOT
from bench.tables import table

PAGE = ROOT / "docs" / "performance.md"
FOLDER = ROOT / "docs" / "performance"


def replace_block(page: str, name: str, text: str) -> str:
    """The page with the text between the markers of `name` exchanged."""
    begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
    changed, count = re.subn(f"{begin}.*{end}", lambda _: f"{begin}\n{text}\n{end}", page, flags=re.DOTALL)
    if count != 1:
        raise ValueError(f"the page has no block {name!r}")
    return changed


def keep(name: str, data: Mapping[str, Any], machine: Mapping[str, object]) -> None:
    """Raw numbers of a part beside the page."""
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{name}.json").write_text(json.dumps({"machine": machine, "data": data}, indent=1) + "\n")


def render() -> list[Goal]:
    """Write the page and its plots from the JSON files alone; returns all goals."""
    page, goals = PAGE.read_text(), list[Goal]()
    machines: dict[str, Mapping[str, Any]] = {}
    for name, part in PARTS.items():
        path = FOLDER / f"{name}.json"
        if path.is_file():
            kept = json.loads(path.read_text())
            part.plot(kept["data"], FOLDER)
            goals += part.goals(kept["data"])
            machines[name] = kept["machine"]
            page = replace_block(page, name, part.report(kept["data"]))
    page = replace_block(page, "goals", f"{verdicts(goals)}.\n\n{goal_table(goals)}")
    PAGE.write_text(replace_block(page, "machine", _machines(machines)))
    return goals


def goal_table(goals: list[Goal]) -> str:
    return table(["goal", "bound", "measured", ""], [goal.row for goal in goals])


def _machines(machines: Mapping[str, Mapping[str, Any]]) -> str:
    """Parts that ran on the same machine, at the same time, share a line."""
    lines: dict[str, list[str]] = {}
    for name, found in machines.items():
        versions = ", ".join(f"{package} {version}" for package, version in found["versions"].items())
        disturbed = max(found.get("other_cpus", []), default=0.0)
        doubt = f" (other programs took up to {disturbed:.1f} CPUs)" if disturbed >= 0.1 else ""
        text = (
            f"{found['when']}: {found['cpu']}, {found['cpus']} CPUs, {found['memory_gib']} GiB, load before the run "
            f"{found['load_before']}; Python {found['python']}, {versions}"
        )
        lines.setdefault(text, []).append(name + doubt)
    return "\n".join(f"- {', '.join(names)}: {text}." for text, names in lines.items())
