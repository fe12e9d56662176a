"""Rendered manifests, and how to walk them so that every piece knows the way to itself."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import yaml

Manifest: TypeAlias = dict[str, Any]
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def title(manifest: Manifest) -> str:
    return f"{manifest['kind']} {manifest['metadata']['name']}"


@dataclass(frozen=True)
class Problem:
    """What is wrong with one piece of an object; `file` is found out later."""

    owner: Manifest
    path: str
    reason: str
    file: str = ""

    def __str__(self) -> str:
        return f"{self.file or '(rendered)'}: {title(self.owner)} {self.path}: {self.reason}"


class Absent(Exception):
    """A piece that a check needs is not there."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


@dataclass(frozen=True)
class Part:
    """A piece of a manifest, and the way to it."""

    owner: Manifest
    value: Any
    path: str = "$"

    def at(self, *keys: str | int) -> "Part":
        """Deeper in; raises Absent."""
        part = self
        for key in keys:
            try:
                value = part.value[key]
            except (KeyError, IndexError, TypeError):
                raise Absent(part.problem(f"has no {key}")) from None
            step = f"[{key}]" if isinstance(key, int) else f".{key}"
            part = Part(self.owner, value, part.path + step)
        return part

    def get(self, *keys: str | int, default: Any = None) -> Any:
        """The value deeper in, or the default."""
        try:
            return self.at(*keys).value
        except Absent:
            return default

    def each(self, *keys: str) -> Iterator["Part"]:
        """The entries of a list deeper in; none where there is no list."""
        for index in range(len(self.get(*keys, default=[]))):
            yield self.at(*keys, index)

    def problem(self, reason: str) -> Problem:
        return Problem(self.owner, self.path, reason)

    @property
    def name(self) -> str:
        return str(self.get("metadata", "name", default=""))

    @property
    def labels(self) -> dict[str, str]:
        return dict(self.get("metadata", "labels", default={}))


class Rendered:
    """All objects of one overlay."""

    def __init__(self, manifests: Sequence[Manifest]) -> None:
        self.objects = [Part(manifest, manifest) for manifest in manifests]

    def kind(self, kind: str) -> list[Part]:
        return [part for part in self.objects if part.value.get("kind") == kind]

    def names(self, kind: str) -> set[str]:
        return {part.name for part in self.kind(kind)}

    @cached_property
    def service(self) -> Part:
        services = self.kind("RayService")
        if len(services) != 1:
            first = self.objects[0]
            raise Absent(first.problem(f"one RayService is needed beside it, there are {len(services)}"))
        return services[0]

    @property
    def ray(self) -> Part:
        return self.service.at("spec", "rayClusterConfig")

    def group(self, name: str) -> Part:
        for group in self.ray.each("workerGroupSpecs"):
            if group.get("groupName") == name:
                return group
        raise Absent(self.ray.problem(f"has no worker group {name}"))

    def pods(self) -> list[Part]:
        """Every pod template: of Ray's head, its groups, and of StatefulSets."""
        templates = [self.ray.at("headGroupSpec", "template")]
        templates += [group.at("template") for group in self.ray.each("workerGroupSpecs")]
        return templates + [part.at("spec", "template") for part in self.kind("StatefulSet")]

    def selected(self, selector: Manifest) -> list[Part]:
        return [pod for pod in self.pods() if matches(selector, pod.labels)]

    def containers(self) -> Iterator[Part]:
        for pod in self.pods():
            yield from pod.each("spec", "containers")

    @cached_property
    def serve(self) -> Part:
        """serveConfigV2, parsed."""
        text = self.service.at("spec", "serveConfigV2")
        try:
            return Part(text.owner, yaml.load(text.value, LOADER), text.path)
        except yaml.YAMLError as error:
            raise Absent(text.problem(f"is no YAML: {' '.join(str(error).split())}")) from None


def matches(selector: Manifest, labels: dict[str, str]) -> bool:
    """A Kubernetes label selector; of the operators only In is known."""
    exact = all(labels.get(k) == v for k, v in selector.get("matchLabels", {}).items())
    return exact and all(labels.get(e["key"]) in e["values"] for e in selector.get("matchExpressions", []))


def port_numbers(pod: Part) -> dict[str, int]:
    """Ports of a pod template, by name."""
    return {
        port["name"]: port["containerPort"]
        for c in pod.each("spec", "containers")
        for port in c.get("ports", default=[])
    }


def millicores(quantity: Any) -> int:
    text = str(quantity)
    return int(text[:-1]) if text.endswith("m") else round(1000 * float(text))


def mebibytes(quantity: str) -> int:
    factor = {"Mi": 1, "Gi": 1024, "Ti": 1024**2}[quantity[-2:]]
    return int(quantity[:-2]) * factor
