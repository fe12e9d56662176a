"""What `kubectl kustomize` renders of k8s/, and how to walk it."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias

import pytest
import yaml

ROOT = Path(__file__).parents[2]
K8S = ROOT / "k8s"
SHARED = ROOT.parent / "shared"
OVERLAYS = ["cpu", "inf2"]
SIZES = ["inf2-8xlarge", "inf2-24xlarge", "inf2-48xlarge"]
OPTIONS = ["dashboard", "gateway"]

Manifest: TypeAlias = dict[str, Any]


def program(name: str) -> str:
    """A program from this environment's wheels, else from the path; the test is skipped where there is none."""
    beside = Path(sys.executable).parent / name
    found = str(beside) if beside.exists() else shutil.which(name)
    if found is None:
        pytest.skip(f"no {name} here; `pip install` of the dev extra brings it")
    return found


def kustomize(folder: Path) -> list[Manifest]:
    done = subprocess.run([program("kubectl"), "kustomize", str(folder)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [document for document in yaml.safe_load_all(done.stdout) if document]


def with_components(folder: Path, overlay: str, components: list[str]) -> list[Manifest]:
    """An overlay with more components, as somebody's own overlay in `folder` would add them."""
    up = "/".join([".."] * (len(folder.resolve().parts) - 1)) + str(K8S)
    lines = ["resources:", f"  - {up}/overlays/{overlay}", "namespace: imagine", "components:"]
    lines += [f"  - {up}/components/{name}" for name in components]
    (folder / "kustomization.yaml").write_text("\n".join(lines) + "\n")
    return kustomize(folder)


def kinds(manifests: list[Manifest], kind: str) -> list[Manifest]:
    return [m for m in manifests if m["kind"] == kind]


def ray_service(manifests: list[Manifest]) -> Manifest:
    (service,) = kinds(manifests, "RayService")
    return service


def serve_config(manifests: list[Manifest]) -> Manifest:
    config: Manifest = yaml.safe_load(ray_service(manifests)["spec"]["serveConfigV2"])
    return config


def group(manifests: list[Manifest], name: str) -> Manifest:
    groups = ray_service(manifests)["spec"]["rayClusterConfig"]["workerGroupSpecs"]
    (found,) = [g for g in groups if g["groupName"] == name]
    return dict(found)


def pod_templates(manifests: list[Manifest]) -> Iterator[Manifest]:
    """Every pod template: of the Ray groups and of StatefulSets."""
    cluster = ray_service(manifests)["spec"]["rayClusterConfig"]
    yield cluster["headGroupSpec"]["template"]
    yield from (g["template"] for g in cluster["workerGroupSpecs"])
    yield from (m["spec"]["template"] for m in kinds(manifests, "StatefulSet"))


def containers(manifests: list[Manifest]) -> Iterator[Manifest]:
    for template in pod_templates(manifests):
        yield from template["spec"]["containers"]


def matches(selector: Manifest, labels: dict[str, str]) -> bool:
    """A Kubernetes label selector, of which only the operator In is used here."""
    exact = all(labels.get(k) == v for k, v in selector.get("matchLabels", {}).items())
    return exact and all(labels.get(e["key"]) in e["values"] for e in selector.get("matchExpressions", []))


def port_names(template: Manifest) -> set[str]:
    return {port["name"] for c in template["spec"]["containers"] for port in c.get("ports", [])}


def mebibytes(quantity: str) -> int:
    factor = {"Mi": 1, "Gi": 1024, "Ti": 1024**2}[quantity[-2:]]
    return int(quantity[:-2]) * factor
