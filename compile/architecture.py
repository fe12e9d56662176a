"""How large each component is, counted from its config: the modules are built without memory for their weights."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from torch import nn
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

from compile.errors import UsageError
from serve_app.core import Size
from serve_app.manifest import Component

PUBLISHED = Path(__file__).parent / "published"
PARTS = ("text_encoder", "text_encoder_2", "unet", "vae")


@dataclass(frozen=True)
class Count:
    """A component's parameters, and the tensors that hold them, of which there are some per layer."""

    parameters: int
    tensors: int


@dataclass(frozen=True)
class Architecture:
    """The sizes of a model's components, and the picture size it was trained for."""

    components: Mapping[Component, Count]
    own_size: Size
    vae_scale: int


def read_architecture(model: str, vae: str = "") -> Architecture:
    """From a checkpoint's folder, or for a published model from the configs in this package. Raises UsageError."""
    configs = {part: _config(model, part) for part in PARTS}
    if vae and Path(vae).is_dir():
        configs["vae"] = json.loads((Path(vae) / "config.json").read_text())
    with torch.device("meta"):
        autoencoder = AutoencoderKL.from_config(configs["vae"])
        components: dict[Component, Count] = {
            "text_encoder": count(CLIPTextModel(CLIPTextConfig(**configs["text_encoder"]))),
            "text_encoder_2": count(CLIPTextModelWithProjection(CLIPTextConfig(**configs["text_encoder_2"]))),
            "unet": count(UNet2DConditionModel.from_config(configs["unet"])),
            "vae_encoder": count(autoencoder.encoder),
            "vae_decoder": count(autoencoder.decoder),
        }
    scale = 2 ** (len(configs["vae"]["block_out_channels"]) - 1)
    own = configs["unet"]["sample_size"] * scale
    return Architecture(components, (own, own), scale)


def count(module: nn.Module) -> Count:
    return Count(sum(p.numel() for p in module.parameters()), sum(1 for _ in module.parameters()))


def _config(model: str, part: str) -> dict[str, Any]:
    folder = Path(model).expanduser()
    published = PUBLISHED / model.rsplit("/", 1)[-1]
    path = folder / part / "config.json" if folder.is_dir() else published / f"{part}.json"
    try:
        config: dict[str, Any] = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        known = ", ".join(path.name for path in sorted(PUBLISHED.iterdir()) if path.is_dir())
        raise UsageError(
            f"{model}: its {part} config cannot be read here ({path}); allowed: a folder in diffusers layout, or a "
            f"published model: {known}"
        ) from error
    return config
