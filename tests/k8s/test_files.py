"""The files of k8s/ themselves."""

import statistics

import yaml

from k8s.render import K8S

FOLDERS = ("base", "components", "karpenter", "overlays")
YAMLS = sorted(file for folder in FOLDERS for file in (K8S / folder).rglob("*.yaml"))


def test_every_file_is_named_by_a_kustomization() -> None:
    named = set()
    for file in YAMLS:
        if file.name == "kustomization.yaml":
            kustomization = yaml.safe_load(file.read_text())
            entries = kustomization.get("resources", []) + [p["path"] for p in kustomization.get("patches", [])]
            entries += [f for g in kustomization.get("configMapGenerator", []) for f in g["files"]]
            named |= {(file.parent / entry).resolve() for entry in entries}
    assert {f for f in YAMLS if f.name != "kustomization.yaml"} == {f for f in named if f.suffix == ".yaml"}


def test_files_are_small() -> None:
    lines = {file: len(file.read_text().splitlines()) for file in YAMLS}
    assert statistics.median(lines.values()) <= 30
    assert [file.name for file, count in lines.items() if count > 80] == ["ray-service.yaml"]


def test_no_file_names_a_registry() -> None:
    assert not [file for file in YAMLS if "dkr.ecr" in file.read_text() or "docker.io" in file.read_text()]
