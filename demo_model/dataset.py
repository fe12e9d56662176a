"""The training set: drawn scenes as uint8 tensors, each with several tokenized captions."""

import random
from dataclasses import dataclass

import numpy as np
import torch
from tqdm import trange
from transformers import CLIPTokenizer

from demo_model.captions import caption
from demo_model.scenes import SIZE, Scene, draw_scene, held_out, sample_scene

WORDINGS = 6


@dataclass(frozen=True)
class Dataset:
    """`pixels` uint8 [N, 3, 128, 128]; `tokens` int64 [N, WORDINGS, MAX_TOKENS]."""

    pixels: torch.Tensor
    tokens: torch.Tensor


def training_scene(rng: random.Random) -> Scene:
    """A random scene that is not held out."""
    while True:
        scene = sample_scene(rng)
        if len(scene.things) == 2 or not held_out(scene.things[0], scene.place):
            return scene


def draw_dataset(count: int, tokenizer: CLIPTokenizer, seed: int) -> Dataset:
    """Draw `count` scenes; the same seed draws the same set."""
    rng = random.Random(seed)
    pixels = torch.empty(count, 3, SIZE, SIZE, dtype=torch.uint8)
    words: list[str] = []
    for i in trange(count, desc="drawing scenes"):
        scene = training_scene(rng)
        pixels[i] = torch.from_numpy(np.array(draw_scene(scene, rng))).permute(2, 0, 1)
        words += [caption(scene, rng) for _ in range(WORDINGS)]
    tokens = tokenizer(words, padding="max_length", truncation=True, return_tensors="pt").input_ids
    return Dataset(pixels, tokens.view(count, WORDINGS, -1))
