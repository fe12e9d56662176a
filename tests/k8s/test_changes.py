from typing import Any

import pytest

from k8s.changes import changes, differ
from k8s.manifests import Manifest


def config_map(name: str, **data: str) -> Manifest:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


@pytest.mark.parametrize(
    ("old", "new", "lines"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1}, {"a": 2}, ["$.a: 1 -> 2"]),
        ({"a": 1}, {"b": 1}, ["$.a: 1 -> (absent)", "$.b: (absent) -> 1"]),
        ({"a": [1, 2]}, {"a": [1, 3]}, ["$.a[1]: 2 -> 3"]),
        ({"a": [1]}, {"a": [1, 2]}, ["$.a: [1] -> [1, 2]"]),
        ({"a": {"b": None}}, {"a": {}}, ["$.a.b: None -> (absent)"]),
        ({"a": "x" * 99}, {"a": 1}, [f"$.a: {'x' * 57}... -> 1"]),
    ],
)
def test_a_line_for_each_leaf(old: Any, new: Any, lines: list[str]) -> None:
    assert list(differ(old, new)) == lines


def test_objects_that_come_and_go_are_told() -> None:
    old, new = [config_map("a"), config_map("b", x="1")], [config_map("b", x="2"), config_map("c")]
    assert changes(old, new) == [
        "ConfigMap a: removed (it stays in the cluster until somebody deletes it)",
        "ConfigMap c: new",
        "ConfigMap b $.data.x: 1 -> 2",
    ]
