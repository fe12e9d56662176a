"""What the peers share: the checkpoint as a diffusers pipeline, and pictures of it as PNG."""

import argparse
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

GUIDANCE = 4.0
MAX_BATCH = 8


@dataclass(frozen=True)
class Wish:
    """One picture that a client asked for."""

    prompt: str
    seed: int
    steps: int


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", required=True)
    parser.add_argument("--port", type=int, default=0)
    return parser.parse_args()


def load(model: str, threads: int) -> Any:
    """The checkpoint with its own scheduler, euler, on so many CPU threads."""
    import torch
    from diffusers import StableDiffusionXLPipeline

    torch.set_num_threads(threads)
    pipeline = StableDiffusionXLPipeline.from_pretrained(model, local_files_only=True, add_watermarker=False)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def draw(pipeline: Any, wishes: Sequence[Wish]) -> list[bytes]:
    """One pipeline call for wishes of the same number of steps."""
    import torch

    (steps,) = {wish.steps for wish in wishes}
    images = pipeline(
        [wish.prompt for wish in wishes],
        num_inference_steps=steps,
        guidance_scale=GUIDANCE,
        generator=[torch.Generator().manual_seed(wish.seed) for wish in wishes],
    ).images
    return [png(image) for image in images]


def png(image: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, "png")
    return file.getvalue()
