"""The models behind the endpoint: where their files are, what they accept."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from serve_app.core import ModelInfo, Size, size_name
from serve_app.errors import SettingsError, UnknownModel, UnsupportedSize
from serve_app.manifest import is_artifact, read_manifest
from serve_app.settings import Settings

SCHEDULER_CLASSES = {
    "EulerDiscreteScheduler": "euler",
    "EulerAncestralDiscreteScheduler": "euler_ancestral",
    "DDIMScheduler": "ddim",
    "UniPCMultistepScheduler": "unipc",
    "LCMScheduler": "lcm",
    "HeunDiscreteScheduler": "heun",
}
WHOLE_HASH = 64 << 20
"""Files up to this many bytes are hashed whole, larger ones by size, first and last MiB."""


def find_model(model: str) -> Path:
    """The folder of a model: as given, or a hub snapshot (downloaded if it is not in the cache)."""
    folder = Path(model).expanduser()
    if folder.is_dir():
        if not (folder / "model_index.json").is_file():
            raise SettingsError(f"IMAGINE_MODEL (--model) = {model!r}: this folder has no model_index.json")
        return folder.resolve()
    if model.count("/") != 1 or model.startswith((".", "/", "~")):
        raise SettingsError(
            f"IMAGINE_MODEL (--model) = {model!r}: no such folder; allowed: a folder or a hub id, as org/name"
        )
    return _download(model)


def _download(hub_id: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    patterns = [
        "*.json",
        "*.txt",
        "*/*.json",
        "*/*.txt",
        "*/model.safetensors",
        "*/diffusion_pytorch_model.safetensors",
    ]
    try:
        return Path(snapshot_download(hub_id, allow_patterns=patterns))
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
        reason = str(error).splitlines()[0]
        raise SettingsError(
            f"IMAGINE_MODEL (--model) = {hub_id!r}: cannot be fetched from the hub: {reason}"
        ) from error


def read_info(folder: Path, settings: Settings) -> ModelInfo:
    """What the model in `folder` is, from its files alone; refuses what is not an SDXL text-to-image checkpoint."""
    index = _json(folder, "model_index.json")
    if index.get("_class_name") != "StableDiffusionXLPipeline":
        raise SettingsError(f"{folder}: holds {index.get('_class_name')}; allowed: StableDiffusionXLPipeline")
    unet, vae = _json(folder, "unet/config.json"), _json(folder, "vae/config.json")
    scale = 2 ** (len(vae["block_out_channels"]) - 1)
    own = unet["sample_size"] * scale
    compiled = _compiled_sizes(folder, settings) if is_artifact(folder) else ()
    return ModelInfo(
        name=settings.model_name or _name(settings.model, folder),
        revision=revision_of(folder),
        sizes=settings.picture_sizes or compiled or ((own, own),),
        scheduler=settings.default_scheduler or _own_scheduler(folder),
        steps=settings.default_steps,
        guidance_scale=settings.default_guidance_scale,
    )


def _compiled_sizes(folder: Path, settings: Settings) -> tuple[Size, ...]:
    """The sizes of an artifact. Raises SettingsError for settings that it cannot follow."""
    manifest = read_manifest(folder)
    for size in settings.picture_sizes:
        if size not in manifest.sizes:
            allowed = ", ".join(map(size_name, manifest.sizes))
            raise SettingsError(f"IMAGINE_SIZES (--sizes): {size_name(size)} was not compiled; allowed: {allowed}")
    for name in ("device", "dtype"):
        asked, has = getattr(settings, name), getattr(manifest, name)
        if name in settings.model_fields_set and asked != has:
            flag = f"IMAGINE_{name.upper()} (--{name})"
            raise SettingsError(f"{flag} = {asked!r}: {folder} was compiled for {has}; allowed: {has}, or leave it out")
    return manifest.sizes


def _name(model: str, folder: Path) -> str:
    name = model.rstrip("/").rsplit("/", 1)[-1]
    return folder.parent.name if name == "weights" else name


def _own_scheduler(folder: Path) -> str:
    config = _json(folder, "scheduler/scheduler_config.json")
    class_name = config.get("_class_name", "")
    if class_name == "DPMSolverMultistepScheduler":
        return "dpmpp_2m_karras" if config.get("use_karras_sigmas") else "dpmpp_2m"
    if class_name not in SCHEDULER_CLASSES:
        raise SettingsError(
            f"{folder}: its scheduler {class_name} is not offered; choose one with IMAGINE_DEFAULT_SCHEDULER"
        )
    return SCHEDULER_CLASSES[class_name]


def _json(folder: Path, name: str) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads((folder / name).read_text())
    except (OSError, ValueError) as error:
        raise SettingsError(f"{folder / name}: cannot be read: {error}") from error
    return content


def revision_of(folder: Path) -> str:
    """Twelve hex digits that change with the weights or configs, whatever the machine."""
    digest = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.suffix in (".json", ".safetensors", ".txt")):
        size = path.stat().st_size
        digest.update(f"{path.relative_to(folder)} {size}\n".encode())
        with path.open("rb") as file:
            if size <= WHOLE_HASH:
                digest.update(file.read())
            else:
                digest.update(file.read(1 << 20))
                file.seek(-(1 << 20), 2)
                digest.update(file.read())
    return digest.hexdigest()[:12]


class Registry:
    """Models by name; the first is the default."""

    def __init__(self, models: Sequence[ModelInfo]) -> None:
        self.models: Mapping[str, ModelInfo] = {info.name: info for info in models}
        self.default = models[0]

    def find(self, name: str | None) -> ModelInfo:
        """The model of that name, or the default one. Raises UnknownModel."""
        if name is None:
            return self.default
        if name not in self.models:
            raise UnknownModel(f"model={name!r}: not served here; allowed: {', '.join(self.models)}", param="model")
        return self.models[name]

    @staticmethod
    def size(info: ModelInfo, width: int | None, height: int | None) -> Size:
        """The asked size if the model has it; a side left open is taken from the first size that fits the other."""
        for size in info.sizes:
            if (width is None or width == size[0]) and (height is None or height == size[1]):
                return size
        asked = f"{width or 'any'}x{height or 'any'}"
        allowed = ", ".join(size_name(size) for size in info.sizes)
        param = "height" if width is None or any(size[0] == width for size in info.sizes) else "width"
        raise UnsupportedSize(f"size={asked}: {info.name} does not serve it; allowed: {allowed}", param=param)
