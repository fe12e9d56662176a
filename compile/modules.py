"""What is traced and compared: the networks with the signatures of `serve_app.backends.compiled.Run`."""

from collections.abc import Callable, Mapping, Sequence

import torch
from diffusers import AutoencoderKL, StableDiffusionXLPipeline, UNet2DConditionModel
from torch import Tensor, nn
from transformers import CLIPTextModel, CLIPTextModelWithProjection

from serve_app.core import Size
from serve_app.manifest import Component


class TextEncoder(nn.Module):
    """Token ids to the last state but one, on which SDXL was trained."""

    def __init__(self, model: CLIPTextModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, ids: Tensor) -> Tensor:
        states: Tensor = self.model(ids, output_hidden_states=True).hidden_states[-2]
        return states.float()


class TextEncoder2(nn.Module):
    """Token ids to the last state but one and the projected pooled embedding."""

    def __init__(self, model: CLIPTextModelWithProjection) -> None:
        super().__init__()
        self.model = model

    def forward(self, ids: Tensor) -> tuple[Tensor, Tensor]:
        output = self.model(ids, output_hidden_states=True)
        return output.hidden_states[-2].float(), output.text_embeds.float()


class Unet(nn.Module):
    """Noise prediction, one timestep per row."""

    def __init__(self, model: UNet2DConditionModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, latents: Tensor, timesteps: Tensor, states: Tensor, pooled: Tensor, time_ids: Tensor) -> Tensor:
        dtype = self.model.dtype
        added = {"text_embeds": pooled.to(dtype), "time_ids": time_ids.to(dtype)}
        noise: Tensor = self.model(
            latents.to(dtype), timesteps, states.to(dtype), added_cond_kwargs=added, return_dict=False
        )[0]
        return noise.float()


class VaeEncoder(nn.Module):
    """Pixels to mean latents, not scaled."""

    def __init__(self, model: AutoencoderKL) -> None:
        super().__init__()
        self.model = model

    def forward(self, pixels: Tensor) -> Tensor:
        mean: Tensor = self.model.encode(pixels.to(self.model.dtype)).latent_dist.mode()
        return mean.float()


class VaeDecoder(nn.Module):
    """Latents, not scaled, to pixels."""

    def __init__(self, model: AutoencoderKL) -> None:
        super().__init__()
        self.model = model

    def forward(self, latents: Tensor) -> Tensor:
        pixels: Tensor = self.model.decode(latents.to(self.model.dtype), return_dict=False)[0]
        return pixels.float()


def module_of(pipeline: StableDiffusionXLPipeline, component: Component) -> nn.Module:
    """The module of a component, in eval mode and without gradients."""
    modules: Mapping[str, Callable[[], nn.Module]] = {
        "text_encoder": lambda: TextEncoder(pipeline.text_encoder),
        "text_encoder_2": lambda: TextEncoder2(pipeline.text_encoder_2),
        "unet": lambda: Unet(pipeline.unet),
        "vae_encoder": lambda: VaeEncoder(pipeline.vae),
        "vae_decoder": lambda: VaeDecoder(pipeline.vae),
    }
    return modules[component]().eval().requires_grad_(False)


def constants_of(module: nn.Module) -> dict[str, Tensor]:
    """All that a graph without weights has to be given: buffers that are not saved with a checkpoint, too."""
    return {**dict(module.named_parameters()), **dict(module.named_buffers())}


def random_inputs(
    pipeline: StableDiffusionXLPipeline, component: Component, size: Size | None, rows: int, seed: int
) -> Sequence[Tensor]:
    """Inputs of the component's shapes on the pipeline's device; drawn on the CPU, distributed as the engine's are."""
    drawn = _draw(pipeline, component, size, rows, torch.Generator().manual_seed(seed))
    return [tensor.to(pipeline.device) for tensor in drawn]


def _draw(
    pipeline: StableDiffusionXLPipeline, component: Component, size: Size | None, rows: int, generator: torch.Generator
) -> Sequence[Tensor]:
    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator)

    if component in ("text_encoder", "text_encoder_2"):
        tokenizer = pipeline.tokenizer if component == "text_encoder" else pipeline.tokenizer_2
        return [torch.randint(len(tokenizer), (rows, tokenizer.model_max_length), generator=generator)]
    assert size is not None
    (width, height), scale = size, pipeline.vae_scale_factor
    if component == "vae_encoder":
        return [normal(rows, 3, height, width).clamp(-1, 1)]
    if component == "vae_decoder":
        return [normal(rows, pipeline.vae.config.latent_channels, height // scale, width // scale)]
    unet = pipeline.unet.config
    pooled = unet.projection_class_embeddings_input_dim - 6 * unet.addition_time_embed_dim
    return [
        normal(rows, unet.in_channels, height // scale, width // scale),
        torch.randint(1000, (rows,), generator=generator).float(),
        normal(rows, pipeline.tokenizer.model_max_length, unet.cross_attention_dim),
        normal(rows, pooled),
        torch.tensor([[height, width, 0.0, 0, height, width]]).repeat(rows, 1),
    ]
