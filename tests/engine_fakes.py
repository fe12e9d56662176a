"""A backend and an observer that record."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from serve_app.backends.base import TextEmbeds
from serve_app.core import GenerateRequest, Size
from serve_app.engine.engine import Engine


class RecordingBackend:
    """Predicts a tenth of its input plus the prompt's length, so that each job has a trajectory of its own."""

    device = "cpu"
    lanes = 1
    latent_channels = 4
    vae_scale = 8
    zero_empty_negative = False
    scheduler_config = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}

    def __init__(self, rows: Sequence[int] = range(1, 9)) -> None:
        self._rows = rows
        self.costs: dict[int, float] = {}
        self.inputs: list[Tensor] = []
        self.states: list[Tensor] = []
        self.timesteps: list[list[float]] = []
        self.time_ids: list[list[float]] = []
        self.prompts: list[list[str]] = []
        self.decoded: list[int] = []

    @property
    def batches(self) -> list[int]:
        return [len(latents) for latents in self.inputs]

    @property
    def shapes(self) -> list[tuple[int, ...]]:
        return [tuple(latents.shape) for latents in self.inputs]

    def rows(self, size: Size) -> Sequence[int]:
        return self._rows

    def step_cost(self, size: Size, rows: int) -> float:
        return self.costs.get(rows, 1.0)  # however many rows, so that a larger batch always pays

    def encode_text(self, prompts: Sequence[str]) -> TextEmbeds:
        self.prompts.append(list(prompts))
        lengths = torch.tensor([float(len(prompt) + 1) for prompt in prompts])
        return TextEmbeds(lengths.view(-1, 1, 1).expand(-1, 2, 3).clone(), lengths.view(-1, 1).clone())

    def tokens_over(self, prompt: str) -> int:
        return max(0, len(prompt.split()) - 20)

    def unet(self, latents: Tensor, timesteps: Tensor, text: TextEmbeds, time_ids: Tensor) -> Tensor:
        self.inputs.append(latents)
        self.states.append(text.states)
        self.timesteps.append(timesteps.tolist())
        self.time_ids.append(time_ids[0].tolist())
        return latents[:, :4] / 10 + text.pooled.view(-1, 1, 1, 1) / 100

    def vae_encode(self, pixels: Tensor) -> Tensor:
        raise NotImplementedError

    def vae_decode(self, latents: Tensor) -> Tensor:
        self.decoded.append(len(latents))
        return latents[:, :3].repeat_interleave(8, 2).repeat_interleave(8, 3)


class RecordingObserver:
    def __init__(self) -> None:
        self.rows: list[int] = []
        self.outcomes: list[str] = []
        self.loads: list[tuple[int, int]] = []

    def batch(self, rows: int, seconds: float) -> None:
        self.rows.append(rows)

    def retired(self, outcome: str) -> None:
        self.outcomes.append(outcome)

    def load(self, rows: int, waiting: int) -> None:
        self.loads.append((rows, waiting))


def a_request(**changes: Any) -> GenerateRequest:
    values: dict[str, Any] = {
        "model": "demo",
        "prompt": "a red circle on a white background",
        "negative_prompt": "",
        "seed": 7,
        "steps": 4,
        "guidance_scale": 4.0,
        "width": 128,
        "height": 128,
        "scheduler": "euler",
    }
    return GenerateRequest(**(values | changes))


def drain(engine: Engine) -> None:
    """Step until nothing is left; bounded, so that a lost job fails the test."""
    for _ in range(1000):
        if engine.scheduler.idle:
            return
        engine.step()
    raise AssertionError("the engine does not come to an end")
