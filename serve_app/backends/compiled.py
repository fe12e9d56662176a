"""Graphs of fixed shapes behind the `Backend` protocol, whoever compiled them."""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from serve_app.backends.base import TextEmbeds
from serve_app.backends.checkpoint import Checkpoint, HasCheckpoint
from serve_app.core import Size, size_name
from serve_app.manifest import Component, Manifest

Key = tuple[Component, Size | None, int]
Run = Callable[..., Any]
"""A loaded graph. Tensors are float32 but for token ids, and lie on the device:

text_encoder(ids [1, T]) -> states [1, T, W]
text_encoder_2(ids [1, T]) -> states [1, T, W], pooled [1, P]
unet(latents [R, C', h, w], timesteps [R], states [R, T, W], pooled [R, P], time_ids [R, 6]) -> noise [R, C, h, w]
vae_encoder(pixels [1, 3, H, W]) -> mean latents [1, C, h, w], not scaled
vae_decoder(latents [1, C, h, w], not scaled) -> pixels [1, 3, H, W]
"""


class CompiledBackend(HasCheckpoint):
    """Runs the graphs of one artifact. Text encoders and autoencoder take one row; the UNet those of the manifest."""

    def __init__(self, folder: Path, manifest: Manifest, graphs: Mapping[Key, Run], device: str) -> None:
        super().__init__(Checkpoint.read(folder))
        self.manifest = manifest
        self.device = device
        self.graphs = graphs
        self._step_cost = {size: dict(costs) for size, costs in manifest.step_cost.items()}

    def rows(self, size: Size) -> Sequence[int]:
        return sorted(rows for component, its_size, rows in self.graphs if (component, its_size) == ("unet", size))

    def step_cost(self, size: Size, rows: int) -> float:
        """As the manifest has it, else timed here."""
        costs = self._step_cost.setdefault(size_name(size), {})
        if rows not in costs:
            costs[rows] = self.time_unet(size, rows)
        return costs[rows]

    def time_unet(self, size: Size, rows: int) -> float:
        """Milliseconds of the second of two calls; the first may still load or warm up the graph."""
        text = self.encode_text([""] * rows)
        width, height = (side // self.vae_scale for side in size)
        latents = torch.zeros(rows, self.latent_channels, height, width, device=self.device)
        ids = torch.tensor([[size[1], size[0], 0.0, 0, size[1], size[0]]], device=self.device).repeat(rows, 1)
        for _ in range(2):
            began = time.perf_counter()
            self.unet(latents, torch.full((rows,), 500.0, device=self.device), text, ids).cpu()  # waits for the device
        return (time.perf_counter() - began) * 1000

    @torch.inference_mode()
    def encode_text(self, prompts: Sequence[str]) -> TextEmbeds:
        states, pooled = [], []
        for first, second in zip(*self.checkpoint.tokens(prompts), strict=True):
            wide, projected = self.graphs["text_encoder_2", None, 1](second[None].to(self.device))
            narrow = self.graphs["text_encoder", None, 1](first[None].to(self.device))
            states.append(torch.cat([narrow, wide], dim=-1))
            pooled.append(projected)
        return TextEmbeds(torch.cat(states), torch.cat(pooled))

    @torch.inference_mode()
    def unet(self, latents: Tensor, timesteps: Tensor, text: TextEmbeds, time_ids: Tensor) -> Tensor:
        graph = self.graphs["unet", self._size(latents), len(latents)]
        noise: Tensor = graph(latents, timesteps, text.states, text.pooled, time_ids.contiguous())
        return noise

    @torch.inference_mode()
    def vae_encode(self, pixels: Tensor) -> Tensor:
        graph = self.graphs["vae_encoder", (pixels.shape[-1], pixels.shape[-2]), 1]
        means = [graph(image[None].contiguous()) for image in pixels]
        return torch.cat(means) * self.checkpoint.scaling_factor

    @torch.inference_mode()
    def vae_decode(self, latents: Tensor) -> Tensor:
        graph = self.graphs["vae_decoder", self._size(latents), 1]
        return torch.cat([graph(one[None] / self.checkpoint.scaling_factor) for one in latents])

    def _size(self, latents: Tensor) -> Size:
        return latents.shape[-1] * self.vae_scale, latents.shape[-2] * self.vae_scale
