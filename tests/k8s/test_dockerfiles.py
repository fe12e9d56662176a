"""The Dockerfiles, read; docker/try.sh builds and runs two of them."""

import re
import subprocess
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from manifests import ROOT, program

from k8s.manifests import Rendered

FILES = sorted((ROOT / "docker").glob("*.Dockerfile"))
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
pytestmark = pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)


def copied(file: Path) -> list[str]:
    """Sources that a Dockerfile takes from this repository."""
    return re.findall(r"^COPY (?!--from)(\S+) ", file.read_text(), re.MULTILINE)


def test_hadolint_finds_nothing(file: Path) -> None:
    done = subprocess.run([program("hadolint"), str(file)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_what_is_copied_exists_and_is_not_ignored(file: Path) -> None:
    allowed = [line.removeprefix("!") for line in (ROOT / ".dockerignore").read_text().splitlines() if line[:1] == "!"]
    for source in copied(file):
        if source == "requirements/ui.lock" and not (ROOT / source).exists():
            pytest.skip("the lock of the web page is not there yet")
        assert (ROOT / source).exists(), source
        assert any(Path(source).match(pattern) for pattern in allowed), source


def test_it_runs_as_the_user_of_the_manifests(file: Path, rendered: Callable[..., Rendered]) -> None:
    (user,) = re.findall(r"^USER (\d+):\d+$", file.read_text(), re.MULTILINE)
    head = rendered("cpu").pods()[0]
    assert int(user) == head.at("spec", "securityContext", "runAsUser").value
    assert f"--uid {user} " in file.read_text()


def test_it_says_the_projects_version(file: Path) -> None:
    assert f"ARG VERSION={VERSION}\n" in file.read_text()
    assert 'image.version="${VERSION}"' in file.read_text()


def test_the_base_is_pinned_by_tag_and_may_be_by_digest(file: Path) -> None:
    bases = re.findall(r"^FROM (\S+)", file.read_text(), re.MULTILINE)
    assert len(bases) == 2 and len(set(bases)) == 1
    assert re.fullmatch(r"python:3\.11\.\d+-slim-bookworm\$\{DIGEST\}", bases[0])


def test_signals_reach_the_process(file: Path) -> None:
    """A shell between them would keep SIGTERM to itself."""
    starts = re.findall(r"^(?:CMD|ENTRYPOINT) (.*)$", file.read_text(), re.MULTILINE)
    assert len(starts) == 1 and starts[0].startswith('["python", "-m", ')


def test_it_is_asked_for_its_health(file: Path) -> None:
    """A job ends by itself and says so."""
    asked = r"NONE" if "ENTRYPOINT" in file.read_text() and "EXPOSE" not in file.read_text() else r".*\\\n +CMD \["
    assert re.search(rf"^HEALTHCHECK {asked}", file.read_text(), re.MULTILINE)
