"""A backend whose UNet sleeps as long as SDXL's takes on one Inferentia2 chip. Everything else costs nothing."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from serve_app.backends.base import TextEmbeds
from serve_app.core import Size

ROWS = 2
"""One guided picture at a time, as the chip's graph of two rows takes it."""


class SleepingBackend:
    """Implements `serve_app.backends.base.Backend`."""

    device = "cpu"
    lanes = 1
    latent_channels = 4
    vae_scale = 8
    zero_empty_negative = True
    scheduler_config: Mapping[str, Any] = {"beta_schedule": "scaled_linear", "beta_start": 0.00085, "beta_end": 0.012}

    def __init__(self, step_ms: float) -> None:
        self.step_ms = step_ms

    def rows(self, size: Size) -> Sequence[int]:
        return [ROWS]

    def step_cost(self, size: Size, rows: int) -> float:
        return self.step_ms

    def encode_text(self, prompts: Sequence[str]) -> TextEmbeds:
        return TextEmbeds(torch.zeros(len(prompts), 1, 8), torch.zeros(len(prompts), 8))

    def tokens_over(self, prompt: str) -> int:
        return 0

    def unet(self, latents: Tensor, timesteps: Tensor, text: TextEmbeds, time_ids: Tensor) -> Tensor:
        time.sleep(self.step_ms / 1000)
        return torch.zeros_like(latents)

    def vae_encode(self, pixels: Tensor) -> Tensor:
        return torch.zeros(len(pixels), self.latent_channels, 16, 16)

    def vae_decode(self, latents: Tensor) -> Tensor:
        return torch.zeros(len(latents), 3, 128, 128)
