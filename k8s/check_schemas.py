"""Every object against a schema: core kinds of Kubernetes, custom kinds of their CRDs."""

from collections.abc import Iterator

import kubernetes_validate  # type: ignore[import-untyped]

from k8s.crds import Crds
from k8s.manifests import Part, Problem, Rendered

KUBERNETES = "1.33"
CUSTOM = ("ray.io", "karpenter.sh", "karpenter.k8s.aws", "gateway.networking.k8s.io", "monitoring.coreos.com")
"""API groups that come with CRDs. A kind of any other group that Kubernetes lacks is a mistake."""


def core(part: Part) -> Iterator[Problem]:
    """A core kind against Kubernetes' own schema; unknown fields and kinds are problems."""
    try:
        kubernetes_validate.validate(part.value, KUBERNETES, strict=True)
    except kubernetes_validate.ValidationError as error:
        yield Problem(part.owner, _path(error.path), error.message)
    except kubernetes_validate.SchemaNotFoundError:
        yield part.problem(f"Kubernetes {KUBERNETES} knows no {part.get('kind')} of {part.get('apiVersion')}")


def custom(part: Part, crds: Crds) -> Iterator[Problem]:
    """A custom kind against its CRD."""
    for path, reason in crds.check(part.value):
        yield Problem(part.owner, path, reason)


def is_custom(part: Part) -> bool:
    return str(part.get("apiVersion", default="")).split("/")[0] in CUSTOM


def schemas(rendered: Rendered, crds: Crds | None) -> Iterator[Problem]:
    for part in rendered.objects:
        if not is_custom(part):
            yield from core(part)
        elif crds and crds.know(part.value):
            yield from custom(part, crds)


def unchecked(rendered: Rendered, crds: Crds | None) -> set[str]:
    """Kinds that no schema was at hand for."""
    known = [part for part in rendered.objects if is_custom(part) and not (crds and crds.know(part.value))]
    return {f"{part.get('kind')} of {part.get('apiVersion')}" for part in known}


def _path(steps: object) -> str:
    path = "$"
    for step in steps if isinstance(steps, list | tuple) or hasattr(steps, "__iter__") else ():
        path += f"[{step}]" if isinstance(step, int) else f".{step}"
    return path
