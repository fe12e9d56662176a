"""The yardstick: diffusers' own pipeline, on the bundled checkpoint in float32."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from engine_fakes import a_request, drain

from serve_app.backends.eager import EagerBackend
from serve_app.core import SCHEDULERS, GenerateRequest
from serve_app.engine.engine import Engine
from serve_app.engine.job import Pixels
from serve_app.engine.samplers import diffusers_scheduler

Draw = Callable[..., list[Pixels]]


@pytest.fixture(scope="session")
def draw(backend: EagerBackend) -> Draw:
    def run(*requests: GenerateRequest, stagger: int = 0) -> list[Pixels]:
        """Draw the requests in one engine, each added `stagger` steps after the one before."""
        engine = Engine(backend, max_rows=8, max_waiting=64)
        jobs = []
        for request in requests:
            jobs += engine.add(request)
            for _ in range(stagger):
                engine.step()
        drain(engine)
        return [job.pixels for job in jobs if job.pixels is not None]

    return run


def difference(a: Pixels, b: Pixels) -> int:
    return int(np.abs(a.astype(int) - b.astype(int)).max())


def by_diffusers(backend: EagerBackend, request: GenerateRequest) -> Pixels:
    pipeline = backend.pipeline
    own = pipeline.scheduler
    pipeline.scheduler = diffusers_scheduler(request.scheduler, own.config)
    try:
        image = pipeline(
            request.prompt,
            negative_prompt=request.negative_prompt or None,
            num_inference_steps=request.steps,
            guidance_scale=request.guidance_scale,
            generator=torch.Generator().manual_seed(request.seed),
        ).images[0]
    finally:
        pipeline.scheduler = own
    return np.asarray(image)


@pytest.mark.parametrize("steps", [1, 2, 4])
@pytest.mark.parametrize("guidance", [1.0, 4.0])
@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_an_image_equals_the_one_of_diffusers(
    backend: EagerBackend, draw: Draw, scheduler: str, guidance: float, steps: int
) -> None:
    request = a_request(scheduler=scheduler, guidance_scale=guidance, steps=steps, negative_prompt="blue")
    assert difference(draw(request)[0], by_diffusers(backend, request)) <= 2


def test_an_empty_negative_prompt_means_what_it_means_to_diffusers(backend: EagerBackend, draw: Draw) -> None:
    request = a_request(steps=8)
    assert difference(draw(request)[0], by_diffusers(backend, request)) <= 2


def test_zeros_for_an_empty_negative_prompt_mean_what_they_mean_to_diffusers(backend: EagerBackend, draw: Draw) -> None:
    request, plain = a_request(steps=8), draw(a_request(steps=8))[0]
    checkpoint = backend.checkpoint
    backend.pipeline.register_to_config(force_zeros_for_empty_prompt=True)
    backend.checkpoint = replace(checkpoint, zero_empty_negative=True)
    try:
        zeroed = draw(request)[0]
        assert difference(zeroed, by_diffusers(backend, request)) <= 2
    finally:
        backend.pipeline.register_to_config(force_zeros_for_empty_prompt=False)
        backend.checkpoint = checkpoint
    assert difference(zeroed, plain) > 2


def mixed_requests() -> list[GenerateRequest]:
    """Sixteen that differ in seed, prompt, steps, guidance and scheduler."""
    names = list(SCHEDULERS)
    prompts = ["a red circle", "a blue cat in the snow", "a green tree at night"]
    return [
        a_request(
            seed=100 + i,
            prompt=prompts[i % 3],
            steps=2 + i % 5,
            guidance_scale=[4.0, 1.0, 7.5][i % 3],
            scheduler=names[i % len(names)],
        )
        for i in range(16)
    ]


@pytest.fixture(scope="session")
def alone(draw: Draw) -> list[Pixels]:
    return [draw(request)[0] for request in mixed_requests()]


@pytest.mark.parametrize("stagger", [0, 2])
def test_an_image_is_the_same_alone_and_in_any_company(draw: Draw, alone: list[Pixels], stagger: int) -> None:
    together = draw(*mixed_requests(), stagger=stagger)
    assert [d for d in map(difference, alone, together) if d > 1] == []
    assert len(together) == len(alone) == 16


def test_different_seeds_give_different_images(draw: Draw) -> None:
    first, second = draw(a_request(seed=1), a_request(seed=2))
    assert difference(first, second) > 20


def test_the_same_request_gives_the_same_bytes(draw: Draw) -> None:
    assert difference(draw(a_request())[0], draw(a_request())[0]) == 0
