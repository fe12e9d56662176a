"""Custom resources against their CRDs: structure, defaults, list keys, and CEL rules. Agreed with a real API server."""

import copy
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import cel
import jsonschema
import yaml

from k8s.crd_schema import Schema, child, set_defaults, to_json_schema
from k8s.errors import Usage
from k8s.manifests import LOADER, Manifest

Found = tuple[str, str]
"""A path and what is wrong there."""


class Crds:
    """The CRDs of a folder."""

    def __init__(self, folder: Path) -> None:
        self._schemas: dict[tuple[str, str], Schema] = {}
        self._validators: dict[tuple[str, str], Any] = {}
        files = sorted(folder.glob("*.yaml")) + sorted(folder.glob("*.yml"))
        for document in (d for file in files for d in yaml.load_all(file.read_text(), Loader=LOADER)):
            if document and document.get("kind") == "CustomResourceDefinition":
                self._add(document["spec"])
        if not self._schemas:
            raise Usage(f"--crds {folder}: no CustomResourceDefinition is in a *.yaml there")

    def _add(self, spec: Any) -> None:
        for version in spec["versions"]:
            if version["served"]:
                key = f"{spec['group']}/{version['name']}", spec["names"]["kind"]
                self._schemas[key] = version["schema"]["openAPIV3Schema"]

    def know(self, manifest: Manifest) -> bool:
        return (manifest["apiVersion"], manifest["kind"]) in self._schemas

    def check(self, manifest: Manifest) -> list[Found]:
        """What an API server with this CRD would refuse."""
        key = manifest["apiVersion"], manifest["kind"]
        if key not in self._validators:
            self._validators[key] = jsonschema.Draft7Validator(to_json_schema(self._schemas[key], root=True))
        filled = copy.deepcopy(manifest)
        set_defaults(self._schemas[key], filled)
        structural = [(e.json_path, e.message[:160]) for e in self._validators[key].iter_errors(filled)]
        return structural or list(_rules(self._schemas[key], filled, "$"))


def _rules(schema: Schema, value: Any, path: str) -> Iterator[Found]:
    """Rules of this piece, then of what is in it."""
    yield from ((path, f"CEL: {text}") for text in _broken(schema, value))
    if isinstance(value, list):
        yield from ((path, f"two entries have the key {key}") for key in _twice(schema, value))
        for index, item in enumerate(value):
            yield from _rules(schema.get("items") or {}, item, f"{path}[{index}]")
    elif isinstance(value, dict):
        for key, found in value.items():
            yield from _rules(child(schema, key), found, f"{path}.{key}")


def _twice(schema: Schema, value: list[Any]) -> Iterator[str]:
    if schema.get("x-kubernetes-list-type") == "map":
        names = schema.get("x-kubernetes-list-map-keys", [])
        keys = [", ".join(str(item.get(name)) for name in names) for item in value]
        yield from sorted({key for key in keys if keys.count(key) > 1})


def _broken(schema: Schema, value: Any) -> Iterator[str]:
    for rule in schema.get("x-kubernetes-validations") or []:
        text = rule["rule"]
        if re.search(r"\boldSelf\b", text):
            continue  # about a change of something that exists
        try:
            kept = _compiled(text).execute(cel.Context(variables={"self": value}, functions=FUNCTIONS))
        except (RuntimeError, ValueError, TypeError, LookupError) as error:
            kept = error
        if kept is not True:
            because = f" ({kept})" if isinstance(kept, Exception) else ""
            yield f"{rule.get('message') or text}{because}"


@cache
def _compiled(rule: str) -> Any:
    return cel.compile(rule)


def _find(text: str, pattern: str) -> str:
    match = re.search(pattern, text)
    return match.group(0) if match else ""


FUNCTIONS: dict[str, Callable[..., Any]] = {
    # Kubernetes' extensions of CEL
    "find": _find,
    "findAll": lambda text, pattern: [match.group(0) for match in re.finditer(pattern, text)],
    "split": lambda text, separator: text.split(separator),
    "join": lambda parts, separator="": separator.join(parts),
    "lowerAscii": lambda text: text.lower(),
    "upperAscii": lambda text: text.upper(),
    "trim": lambda text: text.strip(),
    "replace": lambda text, old, new: text.replace(old, new),
    "indexOf": lambda text, part: text.find(part),
}
