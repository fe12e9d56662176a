"""Passwords that the manifests name and nobody has made yet."""

import secrets
from collections.abc import Iterator
from typing import Any

from k8s.client.cluster import Cluster
from k8s.manifests import Manifest


def make_missing(cluster: Cluster, manifests: list[Manifest]) -> list[str]:
    """Create each Secret that a secretKeyRef names, once. What exists is never read further nor changed."""
    made = []
    for name, keys in sorted(_wanted(manifests).items()):
        if cluster.find("Secret", name) is None:
            values = {key: secrets.token_hex(24) for key in sorted(keys)}
            metadata = {"name": name, "namespace": cluster.namespace}
            cluster.create({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": values})
            made.append(f"Secret {name}")
    return made


def _wanted(manifests: list[Manifest]) -> dict[str, set[str]]:
    wanted: dict[str, set[str]] = {}
    for reference in _references(manifests):
        wanted.setdefault(reference["name"], set()).add(reference["key"])
    return wanted


def _references(node: Any) -> Iterator[Any]:
    children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    if isinstance(node, dict) and "secretKeyRef" in node:
        yield node["secretKeyRef"]
    for child in children:
        yield from _references(child)
