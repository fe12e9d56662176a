"""What `make lock` wrote."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LOCKS = sorted((ROOT / "requirements").glob("*.lock"))


def pins(lock: Path) -> dict[str, str]:
    return dict(re.findall(r"^([\w.-]+)(?:\[\w+\])?==(\S+)", lock.read_text(), re.MULTILINE))


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_no_lock_brings_cuda(lock: Path) -> None:
    """It once did: uv kept to the torch of the lock before, whose CPU build had lost its name."""
    assert [name for name in pins(lock) if name.startswith(("nvidia", "cuda", "triton"))] == []


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_locks_agree_with_each_other_and_the_constraints(lock: Path) -> None:
    wanted = pins(ROOT / "requirements" / "constraints.txt")
    assert {name: pin for name, pin in pins(lock).items() if wanted.get(name, pin) != pin} == {}


def test_the_lock_of_the_page_is_made_of_its_extra() -> None:
    extra = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]["ui"]
    lines = (ROOT / "requirements" / "ui.in").read_text().splitlines()
    assert [line for line in lines if not line.startswith("#")] == extra


def test_the_lock_of_the_page_has_neither_torch_nor_ray() -> None:
    assert not {"torch", "ray", "diffusers"} & set(pins(ROOT / "requirements" / "ui.lock"))


def test_the_tests_run_on_what_is_served() -> None:
    serve, dev = pins(ROOT / "requirements" / "serve.lock"), pins(ROOT / "requirements" / "dev.lock")
    assert {name: (pin, dev.get(name)) for name, pin in serve.items() if dev.get(name) != pin} == {}
    assert serve["ray"] == "2.60.0"
