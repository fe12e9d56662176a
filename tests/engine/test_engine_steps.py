"""The engine on a backend that records: who runs when, with how many rows, and what becomes of it."""

from collections.abc import Callable

import pytest
import torch
from engine_fakes import RecordingBackend, RecordingObserver, a_request, drain

from serve_app.engine.engine import Engine
from serve_app.engine.job import Guide, Job
from serve_app.errors import InvalidValue, Overloaded, ServeError

MakeEngine = Callable[..., tuple[Engine, RecordingBackend]]


@pytest.fixture
def make_engine() -> MakeEngine:
    def make(rows: list[int] | None = None, **limits: int) -> tuple[Engine, RecordingBackend]:
        backend = RecordingBackend(rows or list(range(1, 9)))
        return Engine(backend, limits.get("max_rows", 8), limits.get("max_waiting", 32)), backend

    return make


@pytest.mark.parametrize("guidance, rows", [(0.0, 1), (1.0, 1), (1.01, 2), (7.5, 2)])
def test_a_job_takes_two_rows_only_while_guided(make_engine: MakeEngine, guidance: float, rows: int) -> None:
    engine, backend = make_engine()
    engine.add(a_request(guidance_scale=guidance, steps=3))
    drain(engine)
    assert backend.batches == [rows] * 3


def test_a_job_takes_as_many_evaluations_as_its_sampler_has_steps(make_engine: MakeEngine) -> None:
    engine, backend = make_engine()
    engine.add(a_request(steps=7))
    drain(engine)
    assert len(backend.batches) == 7


def test_heun_evaluates_twice_for_all_steps_but_the_last(make_engine: MakeEngine) -> None:
    engine, backend = make_engine()
    engine.add(a_request(steps=4, scheduler="heun"))
    drain(engine)
    assert len(backend.batches) == 7


def test_jobs_share_a_batch_and_the_short_one_leaves_first(make_engine: MakeEngine) -> None:
    engine, backend = make_engine()
    engine.add(a_request(steps=2))
    engine.add(a_request(steps=4))
    drain(engine)
    assert backend.batches == [4, 4, 2, 2]


def test_a_job_joins_at_the_next_step(make_engine: MakeEngine) -> None:
    engine, backend = make_engine()
    engine.add(a_request(steps=3))
    engine.step()
    engine.add(a_request(steps=3))
    drain(engine)
    assert backend.batches == [2, 4, 4, 2]


def test_rows_of_one_batch_have_their_own_timesteps(make_engine: MakeEngine) -> None:
    engine, backend = make_engine()
    engine.add(a_request(steps=3, scheduler="ddim"))
    engine.step()
    engine.add(a_request(steps=3, scheduler="ddim"))
    engine.step()
    first, second = backend.timesteps[-1][0], backend.timesteps[-1][2]
    assert first < second == backend.timesteps[0][0]


@pytest.mark.parametrize("jobs, padded", [(1, 2), (2, 4), (3, 8), (4, 8)])
def test_rows_are_padded_to_a_size_that_exists(make_engine: MakeEngine, jobs: int, padded: int) -> None:
    engine, backend = make_engine(rows=[2, 4, 8])
    for _ in range(jobs):
        engine.add(a_request(steps=1))
    drain(engine)
    assert backend.batches == [padded]


def test_padding_does_not_change_the_picture(make_engine: MakeEngine) -> None:
    pictures = []
    for rows in ([1, 2, 3, 4], [8]):
        engine, _ = make_engine(rows=rows, max_rows=4)
        (job,) = engine.add(a_request(steps=3))
        drain(engine)
        pictures.append(job.pixels)
    assert pictures[0] is not None and pictures[1] is not None
    assert (pictures[0] == pictures[1]).all()


def test_a_larger_batch_is_taken_where_it_is_cheaper(make_engine: MakeEngine) -> None:
    """Compilers are not monotonic: one row of the bundled model took ten times as long as two."""
    engine, backend = make_engine(rows=[1, 2])
    backend.costs = {1: 9.0, 2: 2.0}
    engine.add(a_request(steps=2, guidance_scale=0.0))
    drain(engine)
    assert backend.batches == [2, 2]


def test_jobs_of_different_sizes_run_in_batches_of_their_own(make_engine: MakeEngine) -> None:
    engine, backend = make_engine()
    engine.add(a_request(steps=2, width=64, height=64))
    engine.add(a_request(steps=2, width=64, height=32))
    drain(engine)
    assert backend.shapes == [(2, 4, 8, 8)] * 2 + [(2, 4, 4, 8)] * 2


def test_the_unet_is_told_height_before_width(make_engine: MakeEngine) -> None:
    engine, backend = make_engine()
    engine.add(a_request(steps=1, width=64, height=32))
    drain(engine)
    assert backend.time_ids[0] == [32, 64, 0, 0, 32, 64]


def test_n_images_are_n_jobs_with_consecutive_seeds(make_engine: MakeEngine) -> None:
    engine, _ = make_engine()
    jobs = engine.add(a_request(seed=2**64 - 2, n=3))
    assert [job.seed for job in jobs] == [2**64 - 2, 2**64 - 1, 0]


def test_the_negative_prompt_comes_first(make_engine: MakeEngine) -> None:
    engine, backend = make_engine()
    engine.add(a_request(prompt="cat", negative_prompt="dog", steps=1))
    drain(engine)
    assert backend.prompts == [["dog", "cat"]]


def test_an_unguided_job_does_not_encode_its_negative_prompt(make_engine: MakeEngine) -> None:
    engine, backend = make_engine()
    engine.add(a_request(prompt="cat", negative_prompt="dog", guidance_scale=1.0, steps=1))
    drain(engine)
    assert backend.prompts == [["cat"]]


@pytest.mark.parametrize("negative, zeroed", [("", True), ("dog", False)])
def test_an_empty_negative_prompt_is_zeros_where_the_checkpoint_says_so(
    make_engine: MakeEngine, negative: str, zeroed: bool
) -> None:
    engine, backend = make_engine()
    backend.zero_empty_negative = True
    engine.add(a_request(negative_prompt=negative, steps=1))
    drain(engine)
    assert (not backend.states[0][0].any()) == zeroed
    assert backend.states[0][1].any()


def test_progress_is_told_after_every_step_and_at_the_end(make_engine: MakeEngine) -> None:
    engine, _ = make_engine()
    news: list[tuple[int, bool]] = []

    def notify(job: Job) -> None:
        news.append((job.i, job.pixels is not None))

    engine.add(a_request(steps=3), notify, every_step=True)
    drain(engine)
    assert news == [(1, False), (2, False), (3, False), (3, True)]


def test_a_cancelled_job_takes_no_further_step_and_is_not_decoded(make_engine: MakeEngine) -> None:
    engine, backend = make_engine()
    (job,) = engine.add(a_request(steps=9))
    engine.step()
    job.cancelled = True
    engine.step()
    assert engine.scheduler.idle
    assert len(backend.batches) == 1
    assert backend.decoded == []


def test_a_cancelled_job_makes_room_for_a_waiting_one(make_engine: MakeEngine) -> None:
    engine, backend = make_engine(max_rows=2)
    (first,) = engine.add(a_request(steps=3))
    (second,) = engine.add(a_request(steps=4))
    engine.step()
    first.cancelled = True
    drain(engine)
    assert second.pixels is not None
    assert len(backend.batches) == 5


def test_abort_fails_running_jobs_and_spares_waiting_ones(make_engine: MakeEngine) -> None:
    engine, _ = make_engine(max_rows=2)
    (running,) = engine.add(a_request(steps=2))
    (waiting,) = engine.add(a_request(steps=5))
    engine.step()
    engine.abort(ServeError("broken"))
    assert str(running.error) == "broken"
    drain(engine)
    assert waiting.pixels is not None


def test_a_full_queue_refuses_all_images_of_a_request(make_engine: MakeEngine) -> None:
    engine, _ = make_engine(max_waiting=3)
    with pytest.raises(Overloaded):
        engine.add(a_request(n=4))
    assert engine.scheduler.idle


def test_too_many_steps_for_lcm_are_refused_with_the_limit(make_engine: MakeEngine) -> None:
    engine, _ = make_engine()
    with pytest.raises(InvalidValue, match="at most 50") as info:
        engine.add(a_request(scheduler="lcm", steps=51))
    assert info.value.param == "steps"


def test_timings_name_every_phase(make_engine: MakeEngine) -> None:
    engine, _ = make_engine()
    (job,) = engine.add(a_request(steps=2))
    drain(engine)
    assert list(job.timings) == ["queue", "text", "denoise", "decode"]
    assert all(seconds >= 0 for seconds in job.timings.values())


def test_the_observer_hears_of_batches_outcomes_and_load() -> None:
    observer = RecordingObserver()
    engine = Engine(RecordingBackend(), 2, 32, observer)
    engine.add(a_request(steps=2))
    (other,) = engine.add(a_request(steps=2))
    engine.step()
    other.cancelled = True
    drain(engine)
    assert observer.rows == [2, 2]
    assert observer.outcomes == ["done", "cancelled"]
    assert observer.loads[0] == (2, 1)
    assert observer.loads[-1] == (0, 0)


def test_a_prompt_that_does_not_fit_is_told() -> None:
    engine = Engine(RecordingBackend(), 8, 32)
    (long,) = engine.add(a_request(prompt="word " * 23, negative_prompt="word " * 21, steps=1))
    (short,) = engine.add(a_request(steps=1))
    drain(engine)
    assert long.warnings == (
        "prompt: its last 3 tokens did not fit and were left out",
        "negative_prompt: its last 1 tokens did not fit and were left out",
    )
    assert short.warnings == ()


def test_a_picture_that_is_not_finite_is_an_error_and_not_a_black_square(make_engine: MakeEngine) -> None:
    engine, backend = make_engine()
    (job,) = engine.add(a_request(steps=1))
    backend.vae_decode = lambda latents: latents[:, :3] * float("nan")  # type: ignore[method-assign]
    drain(engine)
    assert job.pixels is None
    assert "not numbers" in str(job.error)


@pytest.mark.parametrize("lanes, decoded", [(1, [1, 1, 1]), (2, [2, 1]), (4, [3])])
def test_as_many_pictures_are_decoded_at_once_as_there_are_lanes(
    make_engine: MakeEngine, lanes: int, decoded: list[int]
) -> None:
    engine, backend = make_engine()
    backend.lanes = lanes
    jobs = engine.add(a_request(steps=1, n=3))
    drain(engine)
    assert backend.decoded == decoded
    alone, _ = make_engine()
    for job in jobs:
        (same,) = alone.add(a_request(steps=1, seed=job.seed))
        drain(alone)
        assert job.pixels is not None and (job.pixels == same.pixels).all()


def test_a_picture_leaves_before_the_next_is_decoded(make_engine: MakeEngine) -> None:
    engine, backend = make_engine()
    decoded_when_told: list[int] = []
    engine.add(a_request(steps=1, n=2), lambda job: decoded_when_told.append(len(backend.decoded)))
    drain(engine)
    assert decoded_when_told == [1, 2]


def test_jobs_whose_decoding_breaks_fail_and_are_not_forgotten(make_engine: MakeEngine) -> None:
    """They had left the scheduler by then: nobody told them, and their clients waited for the deadline."""
    engine, backend = make_engine()
    told: list[Exception | None] = []
    engine.add(a_request(steps=1), lambda job: told.append(job.error))

    def breaks(latents: torch.Tensor) -> torch.Tensor:
        raise RuntimeError("no memory")

    backend.vae_decode = breaks  # type: ignore[method-assign]
    with pytest.raises(RuntimeError):
        engine.step()
    engine.abort(error := ServeError("generation failed"))
    assert told == [error]
    assert engine.scheduler.idle


def test_steps_are_told_only_to_those_who_ask(make_engine: MakeEngine) -> None:
    engine, _ = make_engine()
    told: list[str] = []
    engine.add(a_request(steps=3, seed=1), lambda job: told.append("asked"), every_step=True)
    engine.add(a_request(steps=3, seed=2), lambda job: told.append("did not"))
    drain(engine)
    assert (told.count("asked"), told.count("did not")) == (4, 1)


def test_jobs_of_one_kind_have_samplers_of_their_own(make_engine: MakeEngine) -> None:
    engine, _ = make_engine()
    first, second = engine.add(a_request(scheduler="dpmpp_2m", n=2))
    first.sampler._scheduler.model_outputs[0] = torch.ones(1)
    assert second.sampler._scheduler.model_outputs[0] is None


# the seams that image-to-image and inpainting will use


def test_a_guided_start_skips_the_first_steps(make_engine: MakeEngine) -> None:
    engine, backend = make_engine()
    (job,) = engine.add(a_request(steps=5, width=64, height=64))
    job.guide = Guide(start=torch.ones(1, 4, 8, 8), first=3)
    drain(engine)
    assert len(backend.batches) == 2


def test_a_guided_start_is_noised_to_the_level_of_its_first_step(make_engine: MakeEngine) -> None:
    engine, backend = make_engine()
    (job,) = engine.add(a_request(steps=50, width=64, height=64, scheduler="ddim"))
    job.guide = Guide(start=torch.full((1, 4, 8, 8), 5.0), first=49)
    drain(engine)
    assert backend.inputs[0].mean() == pytest.approx(5.0, abs=0.2)  # nearly clean


def test_extra_channels_reach_the_unet_in_every_row(make_engine: MakeEngine) -> None:
    engine, backend = make_engine()
    (job,) = engine.add(a_request(steps=1, width=64, height=64))
    job.guide = Guide(channels=torch.full((1, 5, 8, 8), 3.0))
    drain(engine)
    assert backend.shapes == [(2, 9, 8, 8)]
    assert (backend.inputs[0][:, 4:] == 3.0).all()


def test_blending_may_replace_latents_after_every_step(make_engine: MakeEngine) -> None:
    engine, backend = make_engine()
    (job,) = engine.add(a_request(steps=3, width=64, height=64))
    seen: list[int] = []

    def blend(latents: torch.Tensor, i: int) -> torch.Tensor:
        seen.append(i)
        return torch.zeros_like(latents)

    job.guide = Guide(blend=blend)
    drain(engine)
    assert seen == [0, 1, 2]
    assert not job.latents.any()
