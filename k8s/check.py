"""Everything that can be found wrong with the manifests without a cluster."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

from k8s import (
    check_karpenter,
    check_names,
    check_network,
    check_pods,
    check_replicas,
    check_serve,
    check_sizes,
    check_times,
)
from k8s.check_schemas import schemas, unchecked
from k8s.crds import Crds
from k8s.errors import Usage
from k8s.manifests import Absent, Problem, Rendered
from k8s.render import KARPENTER, Choice, traced

Check: TypeAlias = Callable[[Rendered], Iterator[Problem]]
OF_AN_OVERLAY: list[Check] = [
    *check_names.ALL,
    *check_pods.ALL,
    *check_network.ALL,
    *check_sizes.ALL,
    *check_serve.ALL,
    *check_replicas.ALL,
    *check_times.ALL,
]
OURS = [
    Choice("cpu"),
    Choice("cpu", components=("dashboard", "gateway")),
    Choice("inf2"),  # of inf2.8xlarge
    Choice("inf2", "inf2.24xlarge"),
    Choice("inf2", "inf2.48xlarge"),
    Choice(KARPENTER),
]
"""Every overlay, alone and with what can be added to it, and the node pools."""


@dataclass(frozen=True)
class Report:
    problems: list[Problem]
    unchecked: set[str]
    """Kinds for which there was no schema."""
    objects: int


def check(choices: Sequence[Choice], crds_folder: str | None) -> Report:
    """Render each and check it. The same problem of several renderings is told once."""
    crds = _crds(crds_folder)
    found: dict[str, Problem] = {}
    unknown, objects = set[str](), 0
    for choice in choices:
        manifests, origins = traced(choice)
        rendered = Rendered(manifests)
        objects += len(manifests)
        unknown |= unchecked(rendered, crds)
        checks = check_karpenter.ALL if choice.overlay == KARPENTER else OF_AN_OVERLAY
        for problem in [*schemas(rendered, crds), *problems(rendered, checks)]:
            placed = replace(problem, file=origins.of(problem))
            found.setdefault(str(placed), placed)
    return Report(list(found.values()), unknown, objects)


def problems(rendered: Rendered, checks: Sequence[Check]) -> Iterator[Problem]:
    """What the checks say; one that finds nothing to look at has found something, too."""
    for one in checks:
        try:
            yield from one(rendered)
        except Absent as absent:
            yield absent.problem
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            reason = f"cannot be read by the check {one.__name__} ({type(error).__name__}: {error})"
            yield rendered.objects[0].problem(reason)


def _crds(folder: str | None) -> Crds | None:
    if folder is None:
        return None
    if not Path(folder).is_dir():
        raise Usage(f"--crds {folder}: no such folder")
    return Crds(Path(folder))
