"""Our scheduler names as diffusers objects. Each job owns one, for they keep one trajectory's position and history."""

from collections.abc import Mapping
from inspect import signature
from typing import Any

import diffusers
import torch
from torch import Tensor

from serve_app.core import SCHEDULERS
from serve_app.errors import InvalidValue

CLASSES: Mapping[str, tuple[str, dict[str, Any]]] = {
    "euler": ("EulerDiscreteScheduler", {}),
    "euler_ancestral": ("EulerAncestralDiscreteScheduler", {}),
    "dpmpp_2m": ("DPMSolverMultistepScheduler", {"use_karras_sigmas": False}),
    "dpmpp_2m_karras": ("DPMSolverMultistepScheduler", {"use_karras_sigmas": True}),
    "ddim": ("DDIMScheduler", {}),
    "unipc": ("UniPCMultistepScheduler", {}),
    "lcm": ("LCMScheduler", {}),
    "heun": ("HeunDiscreteScheduler", {}),
}
assert CLASSES.keys() == SCHEDULERS.keys()


def diffusers_scheduler(name: str, config: Mapping[str, Any]) -> Any:
    """The diffusers scheduler of our name, with the checkpoint's noise schedule."""
    class_name, options = CLASSES[name]
    return getattr(diffusers, class_name).from_config(dict(config), **options)


class Sampler:
    """One trajectory from noise to latents: `len(sampler)` network evaluations, then it is done."""

    def __init__(self, name: str, config: Mapping[str, Any], steps: int, device: str) -> None:
        self._scheduler = diffusers_scheduler(name, config)
        try:
            self._scheduler.set_timesteps(steps, device=device)
        except ValueError as error:  # lcm knows only as many steps as it was distilled from
            limit = self._scheduler.config.get("original_inference_steps", "fewer")
            raise InvalidValue(f"steps={steps}: {name} takes at most {limit}", param="steps") from error
        self.timesteps: Tensor = self._scheduler.timesteps
        accepted = signature(self._scheduler.step).parameters
        self._takes_generator = "generator" in accepted

    def __len__(self) -> int:
        return len(self.timesteps)

    @property
    def initial_sigma(self) -> float:
        """Standard deviation of the noise that the trajectory starts from."""
        return float(self._scheduler.init_noise_sigma)

    def scale(self, latents: Tensor, i: int) -> Tensor:
        """The network's input at evaluation `i`."""
        scaled: Tensor = self._scheduler.scale_model_input(latents, self.timesteps[i])
        return scaled

    def step(self, noise: Tensor, i: int, latents: Tensor, generator: torch.Generator) -> Tensor:
        """The latents after evaluation `i`, given the predicted noise."""
        extra = {"generator": generator} if self._takes_generator else {}
        following: Tensor = self._scheduler.step(noise, self.timesteps[i], latents, **extra, return_dict=False)[0]
        return following

    def add_noise(self, latents: Tensor, noise: Tensor, i: int) -> Tensor:
        """Latents noised to the level of evaluation `i`, where an image-to-image job starts."""
        noisy: Tensor = self._scheduler.add_noise(latents, noise, self.timesteps[i : i + 1])
        return noisy
