"""What is rendered of k8s/, as plain dicts, and programs that tests run."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from k8s.manifests import Manifest, Rendered, matches
from k8s.render import K8S, OVERLAYS, kustomize

ROOT = K8S.parent
__all__ = ["K8S", "OVERLAYS", "ROOT", "Manifest", "kinds", "kustomize", "matches", "pod_templates", "port_names"]
__all__ += ["program", "serve_config"]


def program(name: str) -> str:
    """A program from this environment's wheels, else from the path; the test is skipped where there is none."""
    beside = Path(sys.executable).parent / name
    found = str(beside) if beside.exists() else shutil.which(name)
    if found is None:
        pytest.skip(f"no {name} here; `pip install` of the dev extra brings it")
    return found


def kinds(manifests: list[Manifest], kind: str) -> list[Manifest]:
    return [part.value for part in Rendered(manifests).kind(kind)]


def serve_config(manifests: list[Manifest]) -> Manifest:
    return dict(Rendered(manifests).serve.value)


def pod_templates(manifests: list[Manifest]) -> Iterator[Manifest]:
    """Every pod template: of the Ray groups and of StatefulSets."""
    yield from (part.value for part in Rendered(manifests).pods())


def port_names(template: Manifest) -> set[str]:
    return {port["name"] for c in template["spec"]["containers"] for port in c.get("ports", [])}
