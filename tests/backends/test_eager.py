"""The eager backend on the bundled checkpoint."""

import random
from pathlib import Path

import numpy as np
import pytest
import torch

from demo_model.scenes import Scene, Thing, draw_scene
from serve_app.backends import load_backend
from serve_app.backends.eager import EagerBackend
from serve_app.errors import SettingsError
from serve_app.settings import load_settings


def test_text_becomes_states_and_pooled_embeddings(backend: EagerBackend) -> None:
    text = backend.encode_text(["a red circle", ""])
    assert text.states.shape == (2, 40, 128)
    assert text.pooled.shape == (2, 64)


def test_unknown_words_are_not_refused(backend: EagerBackend) -> None:
    assert backend.encode_text(["xylophone łódź 象 🐘 " * 50]).states.isfinite().all()


@pytest.mark.parametrize("words, over", [(1, 0), (38, 0), (39, 1), (100, 62)])
def test_tokens_that_do_not_fit_are_counted(backend: EagerBackend, words: int, over: int) -> None:
    assert backend.tokens_over("red " * words) == over


def test_every_row_count_up_to_the_most_exists(backend: EagerBackend) -> None:
    assert list(backend.rows((128, 128))) == [1, 2, 3, 4, 5, 6, 7, 8]


def test_the_unet_takes_one_timestep_per_row(backend: EagerBackend) -> None:
    latents = torch.randn(3, 4, 16, 16, generator=torch.Generator().manual_seed(0))
    text = backend.encode_text(["a red circle"] * 3)
    ids = torch.tensor([[128.0, 128, 0, 0, 128, 128]]).expand(3, -1)
    together = backend.unet(latents, torch.tensor([900.0, 500.0, 10.0]), text, ids)
    alone = backend.unet(latents[1:2], torch.tensor([500.0]), backend.encode_text(["a red circle"]), ids[:1])
    assert torch.allclose(together[1:2], alone, atol=1e-4)


def test_the_autoencoder_gives_back_what_it_was_given(backend: EagerBackend) -> None:
    scene = Scene((Thing("boat", "red"),), "in the sea")
    pixels = torch.from_numpy(np.array(draw_scene(scene, random.Random(0)))).permute(2, 0, 1)[None] / 127.5 - 1
    latents = backend.vae_encode(pixels)
    assert latents.shape == (1, 4, 16, 16)
    assert latents.std() == pytest.approx(1, abs=0.7)
    assert (backend.vae_decode(latents) - pixels).abs().mean() < 0.05


def test_a_missing_device_is_refused_at_load(weights: Path) -> None:
    if torch.cuda.is_available():
        pytest.skip("this machine has a CUDA device")
    with pytest.raises(SettingsError, match="--device.*cuda"):
        EagerBackend.load(weights, "cuda", "float32", 8)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_smaller_number_types_draw_nearly_the_same(weights: Path, backend: EagerBackend, dtype: str) -> None:
    small = EagerBackend.load(weights, "cpu", dtype, 8)
    latents = torch.randn(1, 4, 16, 16, generator=torch.Generator().manual_seed(0))
    ids = torch.tensor([[128.0, 128, 0, 0, 128, 128]])
    outputs = [b.unet(latents, torch.tensor([500.0]), b.encode_text(["a red circle"]), ids) for b in (backend, small)]
    assert outputs[1].dtype == torch.float32
    assert (outputs[0] - outputs[1]).abs().mean() < 0.05


def test_a_checkpoint_is_loaded_eagerly(weights: Path) -> None:
    assert isinstance(load_backend(weights, load_settings()), EagerBackend)
