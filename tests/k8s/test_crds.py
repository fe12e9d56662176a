"""A small CRD, and what an API server with it would refuse."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from k8s.crds import Crds
from k8s.manifests import Manifest

SCHEMA = {
    "type": "object",
    "properties": {
        "spec": {
            "type": "object",
            "required": ["size"],
            "x-kubernetes-validations": [
                {"rule": "self.least <= self.most", "message": "least is more than most"},
                {"rule": "self.size == oldSelf.size"},
            ],
            "properties": {
                "size": {"type": "string", "enum": ["small", "large"]},
                "least": {"type": "integer", "default": 1},
                "most": {"type": "integer", "default": 5, "minimum": 0, "exclusiveMinimum": True},
                "amount": {"x-kubernetes-int-or-string": True},
                "none": {"type": "string", "nullable": True},
                "some": {"type": "string"},
                "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
                "labels": {"type": "object", "additionalProperties": {"type": "string"}},
                "names": {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}},
                "either": {"type": "object", "properties": {"a": {"type": "integer"}}, "oneOf": [{"required": ["a"]}]},
                "ports": {
                    "type": "array",
                    "x-kubernetes-list-type": "map",
                    "x-kubernetes-list-map-keys": ["name"],
                    "items": {"type": "object", "properties": {"name": {"type": "string"}}},
                },
            },
        }
    },
}


@pytest.fixture
def found(tmp_path: Path) -> Callable[..., list[tuple[str, str]]]:
    """What is wrong with a Thing of this spec."""
    version = {"name": "v1", "served": True, "schema": {"openAPIV3Schema": SCHEMA}}
    spec = {"group": "example.org", "names": {"kind": "Thing"}, "versions": [version]}
    (tmp_path / "thing.yaml").write_text(yaml.safe_dump({"kind": "CustomResourceDefinition", "spec": spec}))
    crds = Crds(tmp_path)
    return lambda **spec: crds.check(thing({"size": "small", **spec}))


def thing(spec: Any) -> Manifest:
    return {"apiVersion": "example.org/v1", "kind": "Thing", "metadata": {"name": "a"}, "spec": spec}


@pytest.mark.parametrize(
    "spec",
    [
        {},
        {"amount": 1},
        {"amount": "1"},
        {"none": None},
        {"some": None},  # dropped, as the API server does
        {"free": {"any": "thing"}},
        {"labels": {"a": "b"}},
        {"ports": [{"name": "a"}, {"name": "b"}]},
        {"either": {"a": 1}},
    ],
)
def test_what_fits_is_accepted(found: Callable[..., list[tuple[str, str]]], spec: dict[str, Any]) -> None:
    assert found(**spec) == []


@pytest.mark.parametrize(
    ("spec", "path", "reason"),
    [
        ({"sise": "small"}, "$.spec", "'sise' was unexpected"),
        ({"size": "medium"}, "$.spec.size", "is not one of"),
        ({"most": 0}, "$.spec.most", "0"),
        ({"amount": 1.5}, "$.spec.amount", "is not of type"),
        ({"labels": {"a": 1}}, "$.spec.labels.a", "is not of type"),
        ({"names": ["a", "a"]}, "$.spec.names", "non-unique"),
        ({"ports": [{"name": "a"}, {"name": "a"}]}, "$.spec.ports", "two entries have the key a"),
        ({"ports": [{"nmae": "a"}]}, "$.spec.ports[0]", "'nmae' was unexpected"),
        ({"either": {}}, "$.spec.either", "is not valid under any"),
        ({"least": 6}, "$.spec", "CEL: least is more than most"),  # against a default
    ],
)
def test_what_does_not_fit_is_refused(
    found: Callable[..., list[tuple[str, str]]], spec: dict[str, Any], path: str, reason: str
) -> None:
    ((where, why),) = found(**spec)
    assert where == path and reason in why


def test_a_rule_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    schema = {
        "type": "object",
        "properties": {"spec": {"type": "object", "x-kubernetes-validations": [{"rule": "(("}]}},
    }
    version = {"name": "v1", "served": True, "schema": {"openAPIV3Schema": schema}}
    spec = {"group": "example.org", "names": {"kind": "Thing"}, "versions": [version]}
    (tmp_path / "thing.yaml").write_text(yaml.safe_dump({"kind": "CustomResourceDefinition", "spec": spec}))
    ((path, why),) = Crds(tmp_path).check(thing({}))
    assert path == "$.spec" and why.startswith("CEL: ((")


def test_the_real_crds_accept_what_is_rendered(crds: Crds, manifests: Callable[..., list[Manifest]]) -> None:
    checked = [m for overlay in ("cpu", "inf2", "karpenter") for m in manifests(overlay) if crds.know(m)]
    assert [crds.check(m) for m in checked] == [[]] * 6
