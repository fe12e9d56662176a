"""What differs between two renderings, field by field."""

from collections.abc import Iterator
from typing import Any

import yaml

from k8s.manifests import Manifest, title


def changes(old: list[Manifest], new: list[Manifest]) -> list[str]:
    """Lines such as `RayService imagine $.spec.serveConfigV2.applications[0].args.max_rows: 8 -> 16`."""
    before, after = ({title(m): _readable(m) for m in manifests} for manifests in (old, new))
    lines = [
        f"{name}: removed (it stays in the cluster until somebody deletes it)" for name in before if name not in after
    ]
    lines += [f"{name}: new" for name in after if name not in before]
    return lines + [f"{name} {line}" for name in after if name in before for line in differ(before[name], after[name])]


def differ(old: Any, new: Any, path: str = "$") -> Iterator[str]:
    """One line for each leaf that differs."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted(old.keys() | new.keys()):
            yield from differ(old.get(key, ABSENT), new.get(key, ABSENT), f"{path}.{key}")
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for index, (one, other) in enumerate(zip(old, new, strict=True)):
            yield from differ(one, other, f"{path}[{index}]")
    elif old != new:
        yield f"{path}: {_short(old)} -> {_short(new)}"


class _Absent:
    def __str__(self) -> str:
        return "(absent)"


ABSENT = _Absent()


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _readable(manifest: Manifest) -> Manifest:
    """With serveConfigV2 as what it means, not as a text."""
    if manifest["kind"] != "RayService":
        return manifest
    config = yaml.safe_load(manifest["spec"].get("serveConfigV2", ""))
    return {**manifest, "spec": {**manifest["spec"], "serveConfigV2": config}}
