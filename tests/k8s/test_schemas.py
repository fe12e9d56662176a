"""Every rendered object against a schema: core kinds of Kubernetes, custom kinds of their CRDs with CEL rules."""

import importlib.util
from collections.abc import Callable
from types import ModuleType

import pytest
from manifests import SHARED, Manifest, group, kinds, ray_service

Render = Callable[..., list[Manifest]]
Judge = Callable[[Manifest], list[str] | None]
KUBERNETES = "1.33"
CORE = {"v1", "apps/v1", "networking.k8s.io/v1", "policy/v1", "scheduling.k8s.io/v1"}
GATEWAY = "gateway.networking.k8s.io/v1"  # its CRDs are not at hand; test_references.py looks at the one route


@pytest.fixture(scope="module")
def crdcheck() -> ModuleType:
    pytest.importorskip("cel", reason="CEL rules need the wheel common-expression-language")
    file = SHARED / "tools" / "crdcheck.py"
    if not file.exists():
        pytest.skip("../shared is not here")
    spec = importlib.util.spec_from_file_location("crdcheck", file)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def wrong(crdcheck: ModuleType) -> Judge:
    """What is wrong with a custom resource; None where no CRD is known."""
    crds = crdcheck.Crds(sorted((SHARED / "crds").glob("*.yaml")))
    return lambda manifest: crds.check(manifest)[0]


def is_custom(manifest: Manifest) -> bool:
    return manifest["apiVersion"] not in CORE | {GATEWAY}


def test_core_objects_fit_the_kubernetes_schemas(rendered: list[Manifest]) -> None:
    validator = pytest.importorskip("kubernetes_validate", reason="core schemas need the wheel kubernetes-validate")
    core = [m for m in rendered if m["apiVersion"] in CORE]
    assert len(core) > 10
    for manifest in core:
        validator.validate(manifest, KUBERNETES, strict=True)


def test_a_misspelt_field_of_a_core_object_is_found(render: Render) -> None:
    validator = pytest.importorskip("kubernetes_validate", reason="core schemas need the wheel kubernetes-validate")
    budget = kinds(render("cpu"), "PodDisruptionBudget")[0]
    spec = {**budget["spec"], "minAvailabel": 1}
    with pytest.raises(validator.ValidationError, match="minAvailabel"):
        validator.validate({**budget, "spec": spec}, KUBERNETES, strict=True)


def test_custom_objects_fit_their_crds(rendered: list[Manifest], wrong: Judge) -> None:
    assert [wrong(m) for m in rendered if is_custom(m)] == [[]]


def test_karpenters_objects_fit_their_crds(render: Render, wrong: Judge) -> None:
    assert [wrong(m) for m in render("karpenter")] == [[]] * 4


def test_a_misspelt_field_of_a_custom_object_is_found(render: Render, wrong: Judge) -> None:
    service = ray_service(render("inf2"))
    models = {**group([service], "models"), "maxReplica": 3}
    cluster = {**service["spec"]["rayClusterConfig"], "workerGroupSpecs": [models]}
    (error,) = wrong({**service, "spec": {**service["spec"], "rayClusterConfig": cluster}}) or []
    assert "maxReplica" in error


def test_a_broken_cel_rule_is_found(render: Render, wrong: Judge) -> None:
    pool = kinds(render("karpenter"), "NodePool")[0]
    pool = {**pool, "spec": {**pool["spec"], "replicas": 2, "weight": 5}}
    assert any("CEL" in error for error in wrong(pool) or [])
