"""One image in the making."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from serve_app.backends.base import TextEmbeds
from serve_app.core import GenerateRequest, Size
from serve_app.engine.samplers import Sampler

Pixels = np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]
"""Height x width x 3."""


@dataclass(frozen=True)
class Guide:
    """What an image-to-image or inpainting job adds to a text-to-image one.

    `start` are clean latents [1, C, h, w], noised to evaluation `first`; `channels` [1, K, h, w] are extra UNet input;
    `blend(latents, i)` may replace latents after evaluation i, such as outside an inpainting mask.
    """

    start: Tensor | None = None
    first: int = 0
    channels: Tensor | None = None
    blend: Callable[[Tensor, int], Tensor] | None = None


@dataclass(eq=False)
class Job:
    """State of one image; only the engine's thread writes to it, save for `cancelled`."""

    request: GenerateRequest
    index: int
    sampler: Sampler
    notify: Callable[["Job"], None] = lambda job: None
    wants_steps: bool = False
    guide: Guide = Guide()
    i: int = 0
    cancelled: bool = False
    error: Exception | None = None
    pixels: Pixels | None = None
    latents: Tensor = field(default_factory=lambda: torch.empty(0))
    text: TextEmbeds | None = None
    generator: torch.Generator = field(default_factory=torch.Generator)
    warnings: tuple[str, ...] = ()
    timings: dict[str, float] = field(default_factory=dict)
    since: float = field(default_factory=time.perf_counter)

    @property
    def seed(self) -> int:
        return self.request.seeds[self.index]

    @property
    def guided(self) -> bool:
        return self.request.guidance_scale > 1

    @property
    def rows(self) -> int:
        return 2 if self.guided else 1

    @property
    def size(self) -> Size:
        return self.request.width, self.request.height

    @property
    def remaining(self) -> int:
        return len(self.sampler) - self.i

    @property
    def denoised(self) -> bool:
        return self.i >= len(self.sampler)

    @property
    def over(self) -> bool:
        return self.cancelled or self.error is not None or self.pixels is not None

    @property
    def outcome(self) -> str:
        """How a job that is over ended: cancelled, failed or done."""
        if self.cancelled:
            return "cancelled"
        return "failed" if self.error is not None else "done"

    def lap(self, phase: str) -> None:
        """Book the time since the last lap to a phase."""
        now = time.perf_counter()
        self.timings[phase] = now - self.since
        self.since = now
