import inspect
import re
from collections.abc import Iterator

import pytest
import torch
from diffusers import UNet2DConditionModel
from transformers import CLIPTokenizer

from demo_model import networks
from demo_model.captions import MAX_TOKENS, build_tokenizer
from demo_model.networks import TEXT_WIDTH, TIME_IDS, autoencoder, noise_schedule, text_encoders, unet


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Several threads wait long for each other where another job has the cores."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> CLIPTokenizer:
    return build_tokenizer(tmp_path_factory.mktemp("tokenizer"))


@pytest.fixture(scope="module")
def denoiser() -> UNet2DConditionModel:
    return unet().eval()


@torch.inference_mode()
def test_the_autoencoder_shrinks_eightfold() -> None:
    vae = autoencoder().eval()
    latents = vae.encode(torch.zeros(1, 3, 128, 128)).latent_dist.mean
    assert latents.shape == (1, 4, 16, 16)
    assert vae.decode(latents).sample.shape == (1, 3, 128, 128)


@torch.inference_mode()
def test_the_text_towers_give_what_the_denoiser_takes(tokenizer: CLIPTokenizer, denoiser: UNet2DConditionModel) -> None:
    tokens = tokenizer(["a cat", "a dog"], padding="max_length", return_tensors="pt").input_ids
    first, second = (tower.eval()(tokens, output_hidden_states=True) for tower in text_encoders(tokenizer))
    states = torch.cat([first.hidden_states[-2], second.hidden_states[-2]], dim=-1)
    pooled = {"text_embeds": second.text_embeds, "time_ids": torch.tensor([TIME_IDS] * 2)}
    noise = denoiser(torch.zeros(2, 4, 16, 16), torch.tensor([5, 900]), states, added_cond_kwargs=pooled).sample
    assert states.shape == (2, MAX_TOKENS, 2 * TEXT_WIDTH)
    assert second.text_embeds.shape == (2, TEXT_WIDTH)
    assert noise.shape == (2, 4, 16, 16)
    assert not torch.equal(noise[0], noise[1])


@torch.inference_mode()
def test_a_text_ends_at_its_first_end_token(tokenizer: CLIPTokenizer) -> None:
    tower = text_encoders(tokenizer)[1].eval()
    padded = tokenizer("a cat", padding="max_length", return_tensors="pt").input_ids
    short = tokenizer("a cat", return_tensors="pt").input_ids
    assert torch.allclose(tower(padded).text_embeds, tower(short).text_embeds, atol=1e-5)


def test_trailing_steps_start_from_pure_noise() -> None:
    schedule = noise_schedule()
    schedule.set_timesteps(5)
    assert schedule.timesteps[0] == 999
    assert len(schedule.sigmas) == 6


def test_the_module_tells_the_number_of_parameters(tokenizer: CLIPTokenizer, denoiser: UNet2DConditionModel) -> None:
    parts = [denoiser, autoencoder(), *text_encoders(tokenizer)]
    millions = sum(weight.numel() for part in parts for weight in part.parameters()) / 1e6
    (told,) = re.findall(r"([\d.]+) million", inspect.getdoc(networks) or "")
    assert float(told) == pytest.approx(millions, abs=0.05)
