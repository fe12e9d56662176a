"""What the engine asks of a machine that can run the networks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from torch import Tensor

from serve_app.core import Size


@dataclass(frozen=True)
class TextEmbeds:
    """`states` [B, tokens, width] for cross attention and `pooled` [B, width] for the added embedding."""

    states: Tensor
    pooled: Tensor


class Backend(Protocol):
    """Runs the four networks. Tensors in and out are float32 on `device`; inside, the backend uses what it likes."""

    @property
    def device(self) -> str: ...

    @property
    def latent_channels(self) -> int: ...

    @property
    def vae_scale(self) -> int:
        """Pixels per latent, along each side."""

    @property
    def scheduler_config(self) -> Mapping[str, Any]:
        """The checkpoint's diffusers scheduler config."""

    @property
    def zero_empty_negative(self) -> bool:
        """True if an empty negative prompt means zero embeddings rather than the embedded empty text."""

    @property
    def lanes(self) -> int:
        """Calls that run beside each other: so many pictures are decoded in the time of one."""

    def rows(self, size: Size) -> Sequence[int]:
        """The UNet batch sizes that exist for this picture size, ascending."""

    def step_cost(self, size: Size, rows: int) -> float:
        """Milliseconds of one UNet call, for a size and a row count that exist."""

    def encode_text(self, prompts: Sequence[str]) -> TextEmbeds: ...

    def tokens_over(self, prompt: str) -> int:
        """Tokens at the prompt's end that the text encoders cannot take and leave out."""

    def unet(self, latents: Tensor, timesteps: Tensor, text: TextEmbeds, time_ids: Tensor) -> Tensor:
        """Predicted noise [R, C, h, w] for latents [R, C', h, w], one timestep per row [R], time ids [R, 6]."""

    def vae_encode(self, pixels: Tensor) -> Tensor:
        """Mean latents, scaled, [B, C, h, w] of pixels [B, 3, H, W] in -1..1."""

    def vae_decode(self, latents: Tensor) -> Tensor:
        """Pixels [B, 3, H, W] in about -1..1 of scaled latents [B, C, h, w]."""
