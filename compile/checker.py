"""Runs every graph of a fresh artifact beside the eager module, in a process of its own, and times the UNet."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from compile.errors import CheckFailed
from compile.events import Events
from compile.options import Options
from serve_app.backends.neuron import VISIBLE
from serve_app.manifest import Manifest


def can_check(options: Options) -> bool:
    """Neuron graphs run only where there is a device; the others run where they were compiled."""
    return options.target == "aot" or any(Path("/dev").glob("neuron*"))


def check_graphs(options: Options, manifest: Manifest, folder: Path, events: Events) -> Manifest:
    """The manifest with relative errors and step costs filled in. Raises CheckFailed."""
    events.say("checking", "comparing every graph with the eager module, and timing the UNet")
    environment = dict(os.environ)  # noqa: TID251  (passed on, not read)
    if options.target == "neuron":
        environment.setdefault(VISIBLE, "0,1")
    result = subprocess.run(
        [sys.executable, "-m", "compile.check", json.dumps(options.as_json()), str(folder)],
        stdout=subprocess.PIPE,
        env=environment,
        text=True,
    )
    if result.returncode != 0:
        raise CheckFailed(f"the check did not finish (exit code {result.returncode}); its words are above")
    found: dict[str, Any] = json.loads(result.stdout.splitlines()[-1])
    errors = found["errors"]
    graphs = tuple(graph.model_copy(update={"relative_error": errors[graph.file]}) for graph in manifest.graphs)
    for graph in graphs:
        error = errors[graph.file]
        events.say("checked", f"{graph.file}: relative error {error:.1e}", file=graph.file, relative_error=error)
        if not error <= found["bound"]:
            raise CheckFailed(f"{graph.file}: relative error {error:.1e}; allowed: {found['bound']:g}")
    for size, costs in found["step_cost"].items():
        text = ", ".join(f"{rows} rows {ms:.1f} ms" for rows, ms in costs.items())
        events.say("timed", f"UNet {size}: {text}", size=size, step_cost_ms=costs)
    return Manifest.model_validate(manifest.model_dump() | {"graphs": graphs, "step_cost": found["step_cost"]})
