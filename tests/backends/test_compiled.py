"""The backend of fixed shapes, with eager modules in the place of compiled graphs."""

from pathlib import Path

import numpy as np
import pytest
import torch
from artifacts import a_manifest
from engine_fakes import a_request, drain

from compile.modules import module_of
from serve_app.backends.compiled import CompiledBackend, Key, Run
from serve_app.backends.eager import EagerBackend
from serve_app.backends.lanes import Lanes, OneLane
from serve_app.engine.engine import Engine

SIZES = ((128, 128), (128, 64))


def make(backend: EagerBackend, weights: Path, lanes: Lanes | OneLane) -> CompiledBackend:
    pipeline = backend.pipeline
    graphs: dict[Key, Run] = {(name, None, 1): module_of(pipeline, name) for name in ("text_encoder", "text_encoder_2")}
    for size in SIZES:
        graphs |= {("unet", size, rows): module_of(pipeline, "unet") for rows in (2, 4)}
        graphs |= {(name, size, 1): module_of(pipeline, name) for name in ("vae_encoder", "vae_decoder")}
    manifest = a_manifest(sizes=SIZES, rows=(2, 4), step_cost={"128x128": {2: 5.0, 4: 7.0}})
    return CompiledBackend(weights, manifest, graphs, "cpu", lanes)


@pytest.fixture(params=[1, 2])
def compiled(request: pytest.FixtureRequest, backend: EagerBackend, weights: Path) -> CompiledBackend:
    return make(backend, weights, OneLane() if request.param == 1 else Lanes(2, torch_threads=1))


@pytest.fixture
def two_lanes(backend: EagerBackend, weights: Path) -> CompiledBackend:
    return make(backend, weights, Lanes(2, torch_threads=1))


def test_rows_are_those_that_were_compiled_for_the_size(backend: EagerBackend, weights: Path) -> None:
    compiled = make(backend, weights, OneLane())
    assert compiled.rows((128, 64)) == [2, 4]
    assert compiled.rows((256, 256)) == []


def test_two_lanes_take_twice_the_rows_for_the_same_cost(two_lanes: CompiledBackend) -> None:
    assert two_lanes.rows((128, 128)) == [2, 4, 8]
    assert [two_lanes.step_cost((128, 128), rows) for rows in (2, 4, 8)] == [5.0, 5.0, 7.0]


def test_lanes_share_the_rows_and_keep_their_order(two_lanes: CompiledBackend, backend: EagerBackend) -> None:
    seen: list[int] = []
    graph = two_lanes.graphs["unet", (128, 128), 2]

    def recording(latents: torch.Tensor, *rest: torch.Tensor) -> torch.Tensor:
        seen.append(len(latents))
        noise: torch.Tensor = graph(latents, *rest)
        return noise

    two_lanes.graphs = {**two_lanes.graphs, ("unet", (128, 128), 2): recording}
    latents = torch.randn(4, 4, 16, 16, generator=torch.Generator().manual_seed(0))
    timesteps, ids = torch.tensor([1.0, 300, 600, 900]), torch.tensor([[128.0, 128, 0, 0, 128, 128]]).expand(4, -1)
    text = backend.encode_text(["a", "red", "circle", ""])
    ours, theirs = (machine.unet(latents, timesteps, text, ids) for machine in (two_lanes, backend))
    assert seen == [2, 2]
    assert torch.allclose(ours, theirs, atol=1e-4)


def test_a_prompt_is_embedded_once(compiled: CompiledBackend) -> None:
    first = compiled.encode_text(["", "a red circle"])
    compiled.graphs = {}
    assert torch.equal(compiled.encode_text(["a red circle", ""]).states, first.states.flip(0))


def test_the_checkpoint_says_what_the_eager_pipeline_says(compiled: CompiledBackend, backend: EagerBackend) -> None:
    assert compiled.latent_channels == backend.latent_channels
    assert compiled.vae_scale == backend.vae_scale
    assert compiled.zero_empty_negative == backend.zero_empty_negative
    assert compiled.tokens_over("red " * 50) == backend.tokens_over("red " * 50)


def test_text_is_the_same(compiled: CompiledBackend, backend: EagerBackend) -> None:
    ours, theirs = compiled.encode_text(["", "a red circle"]), backend.encode_text(["", "a red circle"])
    assert torch.allclose(ours.states, theirs.states, atol=1e-5)
    assert torch.allclose(ours.pooled, theirs.pooled, atol=1e-5)


def test_the_autoencoder_takes_several_pictures_one_by_one(compiled: CompiledBackend, backend: EagerBackend) -> None:
    pixels = torch.randn(2, 3, 64, 128, generator=torch.Generator().manual_seed(0))
    latents = compiled.vae_encode(pixels)
    assert torch.allclose(latents, backend.vae_encode(pixels), atol=1e-4)
    assert torch.allclose(compiled.vae_decode(latents), backend.vae_decode(latents), atol=1e-4)


def test_pictures_are_those_of_the_eager_backend(compiled: CompiledBackend, backend: EagerBackend) -> None:
    requests = [
        a_request(seed=1),
        a_request(seed=2, guidance_scale=0.0),
        a_request(seed=3, width=128, height=64),
        a_request(seed=4, guidance_scale=7.0, steps=6),
    ]
    pictures = []
    for machine in (compiled, backend):
        engine = Engine(machine, 4, 32)
        jobs = [job for request in requests for job in engine.add(request)]
        drain(engine)
        pictures.append([job.pixels for job in jobs])
    for ours, theirs in zip(*pictures, strict=True):
        assert ours is not None and theirs is not None
        assert np.abs(ours.astype(int) - theirs.astype(int)).max() <= 2


def test_costs_come_from_the_manifest(backend: EagerBackend, weights: Path) -> None:
    assert make(backend, weights, OneLane()).step_cost((128, 128), 4) == 7.0


def test_a_cost_that_the_manifest_has_not_is_timed_once(compiled: CompiledBackend) -> None:
    cost = compiled.step_cost((128, 64), 2)
    assert cost > 0
    assert compiled.step_cost((128, 64), 2) == cost
