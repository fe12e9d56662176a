"""What a checkpoint's small files say: tokens, scheduler, scales. No weights."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor
from transformers import CLIPTokenizer


@dataclass(frozen=True)
class Checkpoint:
    """An SDXL checkpoint's configs and its two tokenizers, which differ in how they pad."""

    tokenizers: tuple[CLIPTokenizer, CLIPTokenizer]
    scheduler_config: Mapping[str, Any]
    zero_empty_negative: bool
    latent_channels: int
    vae_scale: int
    scaling_factor: float

    @classmethod
    def read(cls, folder: Path) -> "Checkpoint":
        vae = _json(folder / "vae" / "config.json")
        return cls(
            tokenizers=(
                CLIPTokenizer.from_pretrained(folder / "tokenizer", local_files_only=True),
                CLIPTokenizer.from_pretrained(folder / "tokenizer_2", local_files_only=True),
            ),
            scheduler_config=_json(folder / "scheduler" / "scheduler_config.json"),
            zero_empty_negative=bool(_json(folder / "model_index.json").get("force_zeros_for_empty_prompt", True)),
            latent_channels=int(vae["latent_channels"]),
            vae_scale=2 ** (len(vae["block_out_channels"]) - 1),
            scaling_factor=float(vae["scaling_factor"]),
        )

    def tokens(self, prompts: Sequence[str]) -> list[Tensor]:
        """Token ids [B, 77], int64, of each tokenizer."""
        return [
            tokenizer(
                list(prompts),
                padding="max_length",
                max_length=tokenizer.model_max_length,
                truncation=True,
                return_tensors="pt",
            ).input_ids
            for tokenizer in self.tokenizers
        ]

    def tokens_over(self, prompt: str) -> int:
        """Tokens at the prompt's end that the text encoders leave out."""
        tokenizer = self.tokenizers[0]
        room = tokenizer.model_max_length - tokenizer.num_special_tokens_to_add()
        return max(0, len(tokenizer.tokenize(prompt)) - int(room))


class HasCheckpoint:
    """The part of a backend that a checkpoint's small files answer, whatever runs the networks."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self.checkpoint = checkpoint

    @property
    def latent_channels(self) -> int:
        return self.checkpoint.latent_channels

    @property
    def vae_scale(self) -> int:
        return self.checkpoint.vae_scale

    @property
    def scheduler_config(self) -> Mapping[str, Any]:
        return self.checkpoint.scheduler_config

    @property
    def zero_empty_negative(self) -> bool:
        return self.checkpoint.zero_empty_negative

    def tokens_over(self, prompt: str) -> int:
        return self.checkpoint.tokens_over(prompt)


def _json(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text())
    return content
