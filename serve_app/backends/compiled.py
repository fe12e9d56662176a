"""Graphs of fixed shapes behind the `Backend` protocol, whoever compiled them."""

import time
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from serve_app.backends.base import TextEmbeds
from serve_app.backends.checkpoint import Checkpoint, HasCheckpoint
from serve_app.backends.lanes import Lanes, OneLane
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


CACHED_PROMPTS = 64
"""Embeddings kept, 0.6 MB each for SDXL: requests share a negative prompt, and images of one request the prompt."""


class CompiledBackend(HasCheckpoint):
    """Runs the graphs of one artifact. Text encoders and autoencoder take one row; the UNet those of the manifest.

    With several lanes, rows that are as many times a compiled number are shared out among them.
    """

    def __init__(
        self, folder: Path, manifest: Manifest, graphs: Mapping[Key, Run], device: str, lanes: Lanes | OneLane
    ) -> None:
        super().__init__(Checkpoint.read(folder))
        self.manifest = manifest
        self.device = device
        self.graphs = graphs
        self._lanes = lanes
        self._call_cost = {size: dict(costs) for size, costs in manifest.step_cost.items()}
        self._embed = lru_cache(CACHED_PROMPTS)(self._embed_anew)

    @property
    def lanes(self) -> int:
        return self._lanes.count

    def rows(self, size: Size) -> Sequence[int]:
        return sorted({calls * rows for calls in range(1, self.lanes + 1) for rows in self._call_rows(size)})

    def _call_rows(self, size: Size) -> Sequence[int]:
        """The batches that there is a graph for."""
        return [rows for component, its_size, rows in self.graphs if (component, its_size) == ("unet", size)]

    def step_cost(self, size: Size, rows: int) -> float:
        """As the manifest has it, else timed here. Lanes do not slow each other down: each has its own CPUs."""
        return self._cost_of_call(size, self._share(size, rows))

    def _share(self, size: Size, rows: int) -> int:
        """Rows of one call, where so many are shared out among lanes; the cheapest, where there is a choice."""
        shares = [n for n in self._call_rows(size) if rows % n == 0 and rows // n <= self.lanes]
        return min(shares, key=lambda n: self._cost_of_call(size, n))

    def _cost_of_call(self, size: Size, rows: int) -> float:
        costs = self._call_cost.setdefault(size_name(size), {})
        if rows not in costs:
            costs[rows] = self.time_unet(size, rows)
        return costs[rows]

    @torch.inference_mode()
    def time_unet(self, size: Size, rows: int) -> float:
        """Milliseconds of the second of two calls of a graph; the first may still load or warm it up."""
        text = self.encode_text([""] * rows)
        width, height = (side // self.vae_scale for side in size)
        latents = torch.zeros(rows, self.latent_channels, height, width, device=self.device)
        timesteps = torch.full((rows,), 500.0, device=self.device)
        ids = torch.tensor([[size[1], size[0], 0.0, 0, size[1], size[0]]], device=self.device).repeat(rows, 1)
        for _ in range(2):
            began = time.perf_counter()
            (noise,) = self._lanes.run(
                self.graphs["unet", size, rows], [(latents, timesteps, text.states, text.pooled, ids)]
            )
            noise.cpu()  # waits for the device
        return (time.perf_counter() - began) * 1000

    @torch.inference_mode()
    def encode_text(self, prompts: Sequence[str]) -> TextEmbeds:
        states, pooled = zip(*map(self._embed, prompts), strict=True)
        return TextEmbeds(torch.cat(states), torch.cat(pooled))

    def _embed_anew(self, prompt: str) -> tuple[Tensor, Tensor]:
        first, second = (ids.to(self.device) for ids in self.checkpoint.tokens([prompt]))
        ((wide, pooled),) = self._lanes.run(self.graphs["text_encoder_2", None, 1], [(second,)])
        (narrow,) = self._lanes.run(self.graphs["text_encoder", None, 1], [(first,)])
        return torch.cat([narrow, wide], dim=-1), pooled

    @torch.inference_mode()
    def unet(self, latents: Tensor, timesteps: Tensor, text: TextEmbeds, time_ids: Tensor) -> Tensor:
        size = self._size(latents)
        share = self._share(size, len(latents))
        inputs = (latents, timesteps, text.states, text.pooled, time_ids.contiguous())
        batches = zip(*(torch.split(whole, share) for whole in inputs), strict=True)
        return torch.cat(self._lanes.run(self.graphs["unet", size, share], batches))

    @torch.inference_mode()
    def vae_encode(self, pixels: Tensor) -> Tensor:
        graph = self.graphs["vae_encoder", (pixels.shape[-1], pixels.shape[-2]), 1]
        means = self._lanes.run(graph, [(image[None].contiguous(),) for image in pixels])
        return torch.cat(means) * self.checkpoint.scaling_factor

    @torch.inference_mode()
    def vae_decode(self, latents: Tensor) -> Tensor:
        graph = self.graphs["vae_decoder", self._size(latents), 1]
        return torch.cat(self._lanes.run(graph, [(one[None] / self.checkpoint.scaling_factor,) for one in latents]))

    def _size(self, latents: Tensor) -> Size:
        return latents.shape[-1] * self.vae_scale, latents.shape[-2] * self.vae_scale
