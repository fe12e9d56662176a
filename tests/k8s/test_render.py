from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from k8s.__main__ import main
from k8s.errors import Usage
from k8s.manifests import Manifest, Rendered
from k8s.render import K8S, Choice, render, to_yaml


def images(manifests: list[Manifest]) -> set[str]:
    return {str(container.get("image")) for container in Rendered(manifests).containers()}


@pytest.mark.parametrize(
    ("image", "rendered"),
    [
        ("reg.example:5000/a/imagine-server:0.2.0", "reg.example:5000/a/imagine-server:0.2.0"),
        ("reg.example:5000/imagine-server", "reg.example:5000/imagine-server:0.1.0"),
        ("imagine-server:9", "imagine-server:9"),
        (f"imagine-server@sha256:{'a' * 64}", f"imagine-server@sha256:{'a' * 64}"),
    ],
)
def test_an_image_is_put_in_place_of_ours_alone(image: str, rendered: str) -> None:
    assert images(render(Choice("cpu", image=image))) == {rendered, "redis:7.4"}


def test_an_instance_brings_its_component() -> None:
    group = Rendered(render(Choice("inf2", "inf2.48xlarge"))).group("models")
    assert group.value["resources"] == {"neuron_cores": "24"}
    assert group.at("template", "spec", "nodeSelector").value == {"node.kubernetes.io/instance-type": "inf2.48xlarge"}


def test_a_setting_goes_into_the_applications_args() -> None:
    args = Rendered(render(Choice("cpu", settings=("max_rows=16", "sizes=64x64")))).serve.at("applications", 0, "args")
    assert args.value["max_rows"] == 16 and args.value["sizes"] == "64x64" and args.value["replicas"] == 1


@pytest.mark.parametrize(
    ("choice", "told"),
    [
        (Choice("gpu"), "--overlay gpu: neither cpu nor inf2 nor a folder"),
        (Choice("inf2", "inf2.xlarge"), "--instance inf2.xlarge: there are inf2.8xlarge, "),
        (Choice("cpu", "inf2.8xlarge"), "the cpu overlay takes no size"),
        (Choice("cpu", components=("gatway",)), "--component gatway: there are dashboard, gateway, "),
        (Choice("cpu", settings=("max_row=16",)), "--set max_row=16: not of the form NAME=VALUE"),
        (Choice("cpu", settings=("max_rows",)), "--set max_rows: not of the form NAME=VALUE"),
    ],
)
def test_a_wrong_choice_is_named(choice: Choice, told: str) -> None:
    with pytest.raises(Usage, match=told.replace("(", r"\(")):
        render(choice)


def test_kustomizes_own_errors_are_one_line(tmp_path: Path) -> None:
    (tmp_path / "kustomization.yaml").write_text("resources: [nothing.yaml]\n")
    with pytest.raises(Usage, match="kustomize refuses it: .*nothing.yaml") as error:
        render(Choice(str(tmp_path)))
    assert "\n" not in str(error.value)


def test_an_overlay_of_ones_own_is_a_folder(tmp_path: Path) -> None:
    up = "/".join([".."] * (len(tmp_path.resolve().parts) - 1))
    images = [{"name": "imagine-server", "newName": "reg.example/imagine-server"}]
    own = {"resources": [f"{up}{K8S}/overlays/cpu"], "images": images}
    (tmp_path / "kustomization.yaml").write_text(yaml.safe_dump(own))
    assert "reg.example/imagine-server:0.1.0" in to_yaml(render(Choice(str(tmp_path))))


def test_what_is_printed_is_what_was_rendered(
    capsys: pytest.CaptureFixture[str], manifests: Callable[..., list[Manifest]]
) -> None:
    assert main(["render", "--overlay", "inf2", "--instance", "inf2.48xlarge"]) == 0
    printed = capsys.readouterr().out
    assert list(yaml.safe_load_all(printed)) == manifests("inf2", "inf2.48xlarge")
    assert "serveConfigV2: |" in printed and "&id" not in printed


def test_nothing_of_how_it_was_rendered_is_in_it(manifests: Callable[..., list[Manifest]]) -> None:
    text = to_yaml(manifests("inf2"))
    assert "config.kubernetes.io" not in text and "kind: ConfigMap" not in text
