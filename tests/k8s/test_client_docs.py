"""docs/deploy-client.md and docs/deploy-eks.md against the program."""

import argparse
import re
from pathlib import Path

import pytest
import yaml

from k8s.cli import EXIT_CODES, parser
from k8s.client.reasons import ADVICE
from k8s.manifests import Rendered
from k8s.prices import CONTROL_PLANE, ON_DEMAND
from k8s.render import K8S, Choice, render

DOCS = K8S.parent / "docs"
CLIENT, EKS = (DOCS / "deploy-client.md").read_text(), (DOCS / "deploy-eks.md").read_text()
(COMMANDS,) = [a.choices for a in parser()._actions if isinstance(a, argparse._SubParsersAction)]


def options(command: str) -> set[str]:
    return {option for action in COMMANDS[command]._actions for option in action.option_strings}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_told(command: str) -> None:
    assert f"| `{command}` | " in CLIENT


def test_every_exit_code_is_told() -> None:
    assert {code for code in re.findall(r"(?:^|  )(\d+)  ", EXIT_CODES, re.MULTILINE)} == set(
        re.findall(r"^\| (\d+) \|", CLIENT, re.MULTILINE)
    )


@pytest.mark.parametrize("line", re.findall(r"^python -m k8s (.*)$", EKS, re.MULTILINE))
def test_every_command_of_the_way_is_one(line: str) -> None:
    words = line.partition("#")[0].split()
    assert set(re.findall(r"--[a-z-]+", line)) <= options(words[0])


def test_the_overlay_of_the_way_names_its_bucket(tmp_path: Path) -> None:
    (block,) = re.findall(r"```yaml\n(.*?)```", EKS, re.DOTALL)
    overlay = yaml.safe_load(block.replace("<artifacts_bucket>", "a-bucket").replace("us-west-2", "eu-west-1"))
    up = "/".join([".."] * (len(tmp_path.resolve().parts) - 1))
    overlay["resources"] = [f"{up}{K8S}/overlays/inf2"]
    (tmp_path / "kustomization.yaml").write_text(yaml.safe_dump(overlay))
    (volume,) = Rendered(render(Choice(str(tmp_path), "inf2.8xlarge"))).kind("PersistentVolume")
    assert volume.get("spec", "csi", "volumeAttributes", "bucketName") == "a-bucket"
    assert volume.get("spec", "mountOptions")[-1] == "region eu-west-1"


def test_the_hours_of_the_way_are_those_of_the_prices() -> None:
    cluster = CONTROL_PLANE + 0.20 + 0.05
    told = [float(cost) for cost in re.findall(r"^\| \d .*\| (\d\.\d\d): ", EKS, re.MULTILINE)]
    cpu = ON_DEMAND["c7i.2xlarge"]
    assert told == pytest.approx([cluster, cluster + 3 * cpu, cluster + 2 * cpu + ON_DEMAND["inf2.8xlarge"]], abs=0.01)


@pytest.mark.parametrize("pattern", [pattern for pattern, _, hopeless in ADVICE if hopeless])
def test_what_stops_a_deployment_is_in_the_table_of_troubles(pattern: str) -> None:
    if pattern != "violates PodSecurity":  # only of manifests that `check` refuses
        assert any(f"`{word}" in EKS for word in pattern.split("|"))
