"""Which file wrote a piece of a rendered manifest: kustomize's annotations, and the patches they name."""

import os
import re
from pathlib import Path
from typing import Any

import yaml

from k8s.manifests import LOADER, Manifest, Problem, title

ORIGIN = "config.kubernetes.io/origin"
TRANSFORMED = "alpha.config.kubernetes.io/transformations"
SERVE_CONFIG = "$.spec.serveConfigV2"


class Origins:
    """Takes kustomize's annotations off the manifests, and remembers what they say.

    `here` is the folder that was rendered; their paths start there.
    """

    def __init__(self, manifests: list[Manifest], here: Path) -> None:
        self._here = here
        self._files: dict[str, Path] = {}
        self._kustomizations: dict[str, list[Path]] = {}
        for manifest in manifests:
            self._take(manifest)

    def _take(self, manifest: Manifest) -> None:
        notes = manifest["metadata"].get("annotations", {})
        origin = yaml.load(notes.pop(ORIGIN, ""), LOADER) or {}
        steps = yaml.load(notes.pop(TRANSFORMED, ""), LOADER) or []
        if not notes:
            manifest["metadata"].pop("annotations", None)
        if "path" in origin:
            self._files[title(manifest)] = self._resolved(origin["path"])
        self._kustomizations[title(manifest)] = [self._resolved(step["configuredIn"]) for step in steps]

    def of(self, problem: Problem) -> str:
        """The last patch that wrote there, else the file of the object."""
        name = title(problem.owner)
        file = self._files.get(name)
        for kustomization in dict.fromkeys(self._kustomizations.get(name, [])):
            for patch in _patches(kustomization):
                if any(_holds(operation, problem.path) for operation in _operations(patch)):
                    file = patch
            config = kustomization.parent / "serve-config.yaml"
            if problem.path.startswith(SERVE_CONFIG) and config.exists():
                file = config
        return os.path.relpath(file) if file else ""

    def _resolved(self, path: str) -> Path:
        return Path(os.path.normpath(self._here / path))


def _patches(kustomization: Path) -> list[Path]:
    if not kustomization.exists():  # that of the choice, which is gone by now
        return []
    entries = yaml.safe_load(kustomization.read_text()).get("patches", [])
    return [kustomization.parent / entry["path"] for entry in entries if "path" in entry]


def _operations(patch: Path) -> list[Any]:
    """Of a JSON patch; a strategic merge has none."""
    content = yaml.safe_load(patch.read_text())
    return content if isinstance(content, list) else []


def _holds(operation: Any, path: str) -> bool:
    """Whether what an operation writes contains a path of ours."""
    written = re.sub(r"/(\d+)", r"[\1]", operation["path"]).replace("/", ".")
    return path == f"${written}" or path.startswith((f"${written}.", f"${written}["))
