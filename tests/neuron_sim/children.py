"""Child processes that see the simulated SDK."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
PACKAGES = Path(__file__).parent / "packages"
TIMEOUT_S = 600


def environment(log: Path, **extra: str) -> dict[str, str]:
    """Variables under which a child process finds the simulated SDK. Offline, so that nothing asks a hub."""
    return {
        **os.environ,
        "PYTHONPATH": f"{PACKAGES}:{ROOT}",
        "NEURON_SIM_LOG": str(log),
        "HF_HUB_OFFLINE": "1",
        **extra,
    }


def run(arguments: list[str], env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=TIMEOUT_S)


def compile_neuron(model: Path, output: Path, log: Path, *flags: str, **extra: str) -> subprocess.CompletedProcess[str]:
    arguments = ["-m", "compile", str(model), "--target", "neuron", "--jobs", "2", "--log", "json"]
    return run([*arguments, "--output", str(output), *flags], environment(log, **extra))


def calls(log: Path, name: str) -> list[dict[str, Any]]:
    """The simulated SDK's record of one kind of call."""
    records = [json.loads(line) for line in log.read_text().splitlines()]
    return [record for record in records if record["call"] == name]
