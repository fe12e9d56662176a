"""Plain diffusers modules on CPU or CUDA: the portable default, no compile step."""

from collections.abc import Sequence
from pathlib import Path

import torch
from diffusers import AutoencoderKL, StableDiffusionXLPipeline, UNet2DConditionModel
from torch import Tensor

from serve_app.backends.base import TextEmbeds
from serve_app.backends.checkpoint import Checkpoint, HasCheckpoint
from serve_app.core import Size
from serve_app.errors import SettingsError


class EagerBackend(HasCheckpoint):
    """Runs a `StableDiffusionXLPipeline`'s own modules; any batch from 1 to `max_rows` is a shape that exists."""

    def __init__(self, pipeline: StableDiffusionXLPipeline, checkpoint: Checkpoint, max_rows: int) -> None:
        super().__init__(checkpoint)
        self.pipeline = pipeline
        self.max_rows = max_rows
        self._unet: UNet2DConditionModel = pipeline.unet
        self._vae: AutoencoderKL = pipeline.vae

    @classmethod
    def load(cls, folder: Path, device: str, dtype: str, max_rows: int) -> "EagerBackend":
        """Load from a folder in diffusers layout. The autoencoder stays float32 where its config asks for it."""
        if device == "cuda" and not torch.cuda.is_available():
            raise SettingsError("IMAGINE_DEVICE (--device) = 'cuda': torch finds no CUDA device here; allowed: cpu")
        pipeline = StableDiffusionXLPipeline.from_pretrained(
            folder, torch_dtype=getattr(torch, dtype), local_files_only=True, add_watermarker=False
        )
        pipeline.to(device)
        if dtype == "float16" and pipeline.vae.config.force_upcast:
            pipeline.vae.to(dtype=torch.float32)
        return cls(pipeline, Checkpoint.read(folder), max_rows)

    @property
    def device(self) -> str:
        return str(self._unet.device)

    @property
    def lanes(self) -> int:
        return 1

    def rows(self, size: Size) -> Sequence[int]:
        return range(1, self.max_rows + 1)

    def step_cost(self, size: Size, rows: int) -> float:
        """Not measured, so in no unit: a fixed part and a part per row, so that a larger batch always pays."""
        return size[0] * size[1] * (1 + rows)

    @torch.inference_mode()
    def encode_text(self, prompts: Sequence[str]) -> TextEmbeds:
        states, pooled = [], None
        towers = (self.pipeline.text_encoder, self.pipeline.text_encoder_2)
        for tower, tokens in zip(towers, self.checkpoint.tokens(prompts), strict=True):
            output = tower(tokens.to(self.device), output_hidden_states=True)
            states.append(output.hidden_states[-2].float())  # SDXL was trained on the last state but one
            pooled = output[0].float()  # of the second tower, which projects
        assert pooled is not None
        return TextEmbeds(torch.cat(states, dim=-1), pooled)

    @torch.inference_mode()
    def unet(self, latents: Tensor, timesteps: Tensor, text: TextEmbeds, time_ids: Tensor) -> Tensor:
        dtype = self._unet.dtype
        added = {"text_embeds": text.pooled.to(dtype), "time_ids": time_ids.to(dtype)}
        noise: Tensor = self._unet(
            latents.to(dtype), timesteps, text.states.to(dtype), added_cond_kwargs=added, return_dict=False
        )[0]
        return noise.float()

    @torch.inference_mode()
    def vae_encode(self, pixels: Tensor) -> Tensor:
        mean = self._vae.encode(pixels.to(self._vae.dtype)).latent_dist.mode()
        scaled: Tensor = mean.float() * self.checkpoint.scaling_factor
        return scaled

    @torch.inference_mode()
    def vae_decode(self, latents: Tensor) -> Tensor:
        unscaled = (latents / self.checkpoint.scaling_factor).to(self._vae.dtype)
        pixels: Tensor = self._vae.decode(unscaled, return_dict=False)[0]
        return pixels.float()
