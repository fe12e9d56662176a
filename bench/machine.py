"""What the numbers were measured on."""

import os
import platform
import re
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = ["torch", "diffusers", "transformers", "ray", "fastapi", "uvicorn", "litserve", "aiohttp"]


def describe() -> dict[str, object]:
    """CPU, memory, load before the run, versions."""
    return {
        "cpu": cpu_name(Path("/proc/cpuinfo").read_text()),
        "cpus": os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        "load_before": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        "versions": {name: _version(name) for name in PACKAGES},
    }


def cpu_name(cpuinfo: str) -> str:
    """Model, family and frequency-independent numbers, as far as the kernel names them."""
    fields = dict(re.findall(r"^(model name|cpu family|model)\s*: (.*)$", cpuinfo, re.MULTILINE))
    name = fields.get("model name", platform.machine())
    numbers = [f"{key.removeprefix('cpu ')} {fields[key]}" for key in ("cpu family", "model") if key in fields]
    return f"{name} ({', '.join(numbers)})" if numbers else name


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"
