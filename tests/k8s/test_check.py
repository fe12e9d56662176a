"""`python -m k8s check`: errors planted into files are refused with the file, the path and the reason."""

import json
import shutil
from pathlib import Path

import pytest

from k8s.__main__ import main
from k8s.check import OURS, check
from k8s.render import K8S

CRDS = Path(__file__).parents[3] / "shared" / "crds"
needs_crds = pytest.mark.skipif(not CRDS.is_dir(), reason="the CRDs of KubeRay and Karpenter are not here")

# file, what is in it, what is put there, path, reason
PLANTED = [
    (
        "base/pod-disruption-budgets.yaml",
        "minAvailable: 1",
        "minAvailabel: 1",
        "$.spec",
        "'minAvailabel' was unexpected",
    ),
    ("base/service-account.yaml", "kind: ServiceAccount", "kind: ServiceAcount", "$", "knows no ServiceAcount of v1"),
    (
        "base/redis/stateful-set.yaml",
        "limits: {memory: 512Mi}",
        "limits: {memory: 512MiB}",
        "$.spec.template.spec.containers[0].resources.limits.memory",
        "'512MiB' is no quantity",
    ),
    (
        "base/redis/service.yaml",
        "app.kubernetes.io/name: redis",
        "app.kubernetes.io/name: redsi",
        "$.spec.selector",
        "selects the pods of no template",
    ),
    (
        "components/inf2-8xlarge/size.yaml",
        'neuron_cores: "2"',
        'neuron_cores: "1"',
        "$.spec.rayClusterConfig.workerGroupSpecs[1].resources",
        "neuron_cores is 1, with 1 devices it must be 2",
    ),
    (
        "overlays/inf2/serve-config.yaml",
        "num_replicas: 2",
        "num_replica: 2",
        "$.spec.serveConfigV2.applications[0].deployments[0].num_replica",
        "Ray Serve knows no such key; num_replicas?",
    ),
    (
        "overlays/inf2/serve-config.yaml",
        "sizes: 1024x1024",
        "size: 1024x1024",
        "$.spec.serveConfigV2.applications[0].args.size",
        "the server knows no such key; sizes?",
    ),
    (
        "overlays/inf2/kustomization.yaml",
        "newTag: 0.1.0",
        "newTag: 0.0.1",
        "$.spec.rayClusterConfig.headGroupSpec.template.spec.containers[0].image",
        "imagine-server:0.0.1: the manifests are of version 0.1.0",
    ),
]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The manifests, to be spoilt."""
    for folder in ("base", "components", "overlays"):
        shutil.copytree(K8S / folder, tmp_path / folder)
    return tmp_path


def spoil(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))


@pytest.mark.parametrize(("file", "old", "new", "path", "reason"), PLANTED, ids=lambda value: str(value)[:40])
def test_a_planted_error_is_refused_with_file_path_and_reason(
    copy: Path, capsys: pytest.CaptureFixture[str], file: str, old: str, new: str, path: str, reason: str
) -> None:
    spoil(copy / file, old, new)
    assert main(["check", "--overlay", str(copy / "overlays" / "inf2"), "--output", "json"]) == 1
    told = json.loads(capsys.readouterr().out)["problems"]
    assert [p for p in told if reason in p["reason"] and p["path"] == path], told
    if file.rsplit("/", 1)[-1] != "kustomization.yaml":  # an image's tag is changed there, the image is not
        assert {Path(p["file"]).resolve() for p in told if reason in p["reason"]} == {(copy / file).resolve()}


def some_crds(folder: Path, pattern: str) -> str:
    """A folder with a few of the real CRDs: all of them take seconds to read."""
    (folder / "crds").mkdir()
    for file in CRDS.glob(pattern):
        shutil.copy(file, folder / "crds")
    return str(folder / "crds")


@needs_crds
def test_a_broken_cel_rule_is_refused_with_its_file(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(K8S / "karpenter", copy / "karpenter")
    spoil(copy / "karpenter" / "inf2.yaml", "  limits:", "  replicas: 2\n  weight: 5\n  limits:")
    code = main(["check", "--overlay", str(copy / "karpenter"), "--crds", some_crds(copy, "karpenter*")])
    line = next(line for line in capsys.readouterr().out.splitlines() if "CEL" in line)
    assert code == 1 and "karpenter/inf2.yaml: NodePool imagine-inf2 $.spec: CEL: " in line


@needs_crds
def test_an_unknown_field_of_a_custom_kind_is_refused_with_its_file(
    copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spoil(copy / "base/ray-service.yaml", "maxReplicas: 2", "maxReplica: 2")
    assert main(["check", "--overlay", str(copy / "overlays" / "cpu"), "--crds", some_crds(copy, "*rayservices*")]) == 1
    told = capsys.readouterr().out
    assert "base/ray-service.yaml: RayService imagine $.spec.rayClusterConfig.workerGroupSpecs[0]: " in told
    assert "'maxReplica' was unexpected" in told


def test_what_the_repository_has_is_fine() -> None:
    report = check(OURS, str(CRDS) if CRDS.is_dir() else None)
    assert report.problems == [] and report.objects > 80


def test_kinds_without_a_crd_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--overlay", "cpu"]) == 0
    told = capsys.readouterr().out
    assert "not checked, for want of their CRDs (give --crds FOLDER): RayService of ray.io/v1" in told
    assert told.endswith("objects, 0 problems\n")


@pytest.mark.parametrize("folder", ["nowhere", "."])
def test_a_folder_without_crds_is_a_wrong_argument(tmp_path: Path, folder: str) -> None:
    assert main(["check", "--overlay", "cpu", "--crds", str(tmp_path / folder)]) == 2
