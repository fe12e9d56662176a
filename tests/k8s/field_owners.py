"""Server-side apply, as far as the tests need it: who owns which leaf of an object; lists are leaves."""

import copy
from typing import Any

Object = dict[str, Any]
Path = tuple[str, ...]
NEVER_OWNED = {("apiVersion",), ("kind",), ("metadata", "name"), ("metadata", "namespace")}


class Conflicts(Exception):
    def __init__(self, fields: list[tuple[str, str]]) -> None:
        super().__init__(fields)
        self.fields = fields


class Owners:
    """The managers of one object's fields."""

    def __init__(self) -> None:
        self.of: dict[Path, str] = {}

    def apply(self, old: Object, body: Object, manager: str, force: bool) -> Object:
        """The object with what `manager` now wants; what it wanted before and no longer names is gone."""
        wanted = dict(leaves(body))
        theirs = [p for p in wanted if self.of.get(p, manager) != manager and wanted[p] != dict(leaves(old)).get(p)]
        if theirs and not force:
            raise Conflicts([("." + ".".join(p), f'conflict with "{self.of[p]}"') for p in theirs])
        made = copy.deepcopy(old)
        for path in [p for p, owner in self.of.items() if owner == manager and p not in wanted]:
            del self.of[path]
            remove(made, path)
        for path, value in wanted.items():
            put(made, path, value)
            if path not in NEVER_OWNED and (force or path not in self.of):
                self.of[path] = manager
        return made


def leaves(node: Any, path: Path = ()) -> list[tuple[Path, Any]]:
    if not isinstance(node, dict) or not node:
        return [(path, node)]
    return [leaf for key, value in node.items() for leaf in leaves(value, (*path, key))]


def put(node: Object, path: Path, value: Any) -> None:
    for key in path[:-1]:
        node = node.setdefault(key, {})
    node[path[-1]] = value


def remove(node: Object, path: Path) -> None:
    for key in path[:-1]:
        node = node.get(key, {})
    node.pop(path[-1], None)
