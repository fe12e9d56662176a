"""Errors planted into what is rendered, by JSON pointer."""

from typing import Any

import yaml

from k8s.manifests import Manifest, title

GONE = object()
"""In place of a value: delete it."""
GROUPS = "/spec/rayClusterConfig/workerGroupSpecs"
MODELS = f"{GROUPS}/1"
SERVE = "/spec/serveConfigV2"


def plant(manifests: list[Manifest], name: str, pointer: str, value: Any) -> None:
    """Change one field of the object called `Kind name`; what lies within serveConfigV2, too."""
    (manifest,) = [m for m in manifests if title(m) == name]
    if pointer.startswith(SERVE + "/"):
        config = yaml.safe_load(manifest["spec"]["serveConfigV2"])
        put(config, pointer.removeprefix(SERVE), value)
        manifest["spec"]["serveConfigV2"] = yaml.safe_dump(config)
    else:
        put(manifest, pointer, value)


def put(node: Any, pointer: str, value: Any) -> None:
    *way, last = [step.replace("~1", "/") for step in pointer.split("/")[1:]]
    for step in way:
        node = node[int(step)] if isinstance(node, list) else node[step]
    key: Any = int(last) if isinstance(node, list) else last
    if value is GONE:
        del node[key]
    else:
        node[key] = value
