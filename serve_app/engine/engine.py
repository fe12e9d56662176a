"""Step-level denoising of many jobs at once: they join and leave at any step."""

import time
from collections.abc import Callable, Sequence
from copy import deepcopy
from functools import cache
from math import inf

import torch
from torch import Tensor

from serve_app.backends.base import Backend, TextEmbeds
from serve_app.core import GenerateRequest, Size
from serve_app.engine.job import Job, Pixels
from serve_app.engine.observer import QUIET, Observer
from serve_app.engine.samplers import Sampler
from serve_app.engine.scheduler import Scheduler
from serve_app.errors import ServeError


class Engine:
    """Not thread-safe but for `add`, which one other thread may call (it only appends to a deque)."""

    def __init__(self, backend: Backend, max_rows: int, max_waiting: int, observer: Observer = QUIET) -> None:
        self.backend = backend
        self.observer = observer
        self.scheduler: Scheduler[Job] = Scheduler(max_rows, max_waiting, self._step_cost)
        self._sampler = cache(self._new_sampler)  # to copy: a new one takes several times as long

    def add(
        self, request: GenerateRequest, notify: Callable[[Job], None] = lambda job: None, every_step: bool = False
    ) -> list[Job]:
        """Queue one job per image; `notify` is called when one is over and, if asked for, after each of its steps.

        Raises Overloaded, or InvalidValue where the sampler cannot do the steps.
        """
        sampler = self._sampler(request.scheduler, request.steps)
        jobs = [Job(request, i, deepcopy(sampler), notify, every_step) for i in range(request.n)]
        self.scheduler.add(jobs)
        return jobs

    def _new_sampler(self, name: str, steps: int) -> Sampler:
        return Sampler(name, self.backend.scheduler_config, steps, self.backend.device)

    def step(self) -> list[Job]:
        """Schedule, denoise, decode, retire: one evaluation for the jobs whose turn it is; returns those over."""
        jobs = self.scheduler.schedule()
        self._start([job for job in jobs if job.text is None])
        if jobs:
            self._denoise(jobs, jobs[0].size)
        return self._decode([job for job in jobs if job.denoised and not job.cancelled]) + self._retire()

    def _start(self, jobs: Sequence[Job]) -> None:
        for job in jobs:
            job.lap("queue")
            job.text, job.warnings = self._encode_text(job), self._warnings(job)
            job.generator.manual_seed(job.seed)
            job.latents, job.i = self._initial_latents(job), job.guide.first
            job.lap("text")

    def _encode_text(self, job: Job) -> TextEmbeds:
        """Embeddings [rows, …]: negative before positive, as diffusers orders them."""
        prompt, negative = job.request.prompt, job.request.negative_prompt
        if not job.guided:
            return self.backend.encode_text([prompt])
        text = self.backend.encode_text([negative, prompt])
        if not negative and self.backend.zero_empty_negative:
            kept = torch.tensor([0.0, 1.0], device=text.states.device)
            return TextEmbeds(text.states * kept.view(2, 1, 1), text.pooled * kept.view(2, 1))
        return text

    def _warnings(self, job: Job) -> tuple[str, ...]:
        prompts = {"prompt": job.request.prompt, "negative_prompt": job.request.negative_prompt if job.guided else ""}
        over = {name: self.backend.tokens_over(prompt) for name, prompt in prompts.items()}
        return tuple(
            f"{name}: its last {count} tokens did not fit and were left out" for name, count in over.items() if count
        )

    def _initial_latents(self, job: Job) -> Tensor:
        """Noise drawn on the CPU, so that a seed means the same picture on every device."""
        width, height = (pixels // self.backend.vae_scale for pixels in job.size)
        noise = torch.randn(1, self.backend.latent_channels, height, width, generator=job.generator)
        noise = noise.to(self.backend.device)
        if job.guide.start is not None:
            return job.sampler.add_noise(job.guide.start, noise, job.guide.first)
        return noise * job.sampler.initial_sigma

    @torch.inference_mode()
    def _denoise(self, jobs: Sequence[Job], size: Size) -> None:
        began = time.perf_counter()
        noise = self._unet(jobs, size)
        for job, rows in zip(jobs, torch.split(noise, [job.rows for job in jobs]), strict=True):
            predicted = rows
            if job.guided:
                negative, positive = rows.chunk(2)
                predicted = negative + job.request.guidance_scale * (positive - negative)
            job.latents = job.sampler.step(predicted, job.i, job.latents, job.generator)
            if job.guide.blend is not None:
                job.latents = job.guide.blend(job.latents, job.i)
            job.i += 1
            if job.wants_steps:
                job.notify(job)
        self.observer.batch(len(noise), time.perf_counter() - began)

    def _unet(self, jobs: Sequence[Job], size: Size) -> Tensor:
        """Predicted noise of all jobs' rows, in order."""
        latents, timesteps, states, pooled = [], [], [], []
        for job in jobs:
            assert job.text is not None
            scaled = job.sampler.scale(job.latents, job.i)
            if job.guide.channels is not None:
                scaled = torch.cat([scaled, job.guide.channels], dim=1)
            latents += [scaled] * job.rows
            timesteps += [job.sampler.timesteps[job.i].float()] * job.rows
            states.append(job.text.states)
            pooled.append(job.text.pooled)
        width, height = size
        time_ids = torch.tensor([[height, width, 0, 0, height, width]], device=latents[0].device, dtype=torch.float32)
        rows = len(latents)
        batch = [
            torch.cat(latents),
            torch.stack(timesteps),
            torch.cat(states),
            torch.cat(pooled),
            time_ids.expand(rows, -1),
        ]
        return self._call_padded(rows, size, batch)

    def _call_padded(self, rows: int, size: Size, batch: Sequence[Tensor]) -> Tensor:
        """Call the UNet at a batch size that exists, repeating the last row; cut its answer back."""
        padded = self._padded(size, rows)
        assert padded is not None, f"the scheduler chose {rows} rows"
        latents, timesteps, states, pooled, time_ids = (
            torch.cat([part, part[-1:].expand(padded - rows, *part.shape[1:])]) if padded > rows else part
            for part in batch
        )
        return self.backend.unet(latents, timesteps, TextEmbeds(states, pooled), time_ids)[:rows]

    def _padded(self, size: Size, rows: int) -> int | None:
        """The cheapest UNet batch that exists and takes so many rows, which need not be the smallest."""
        enough = [n for n in self.backend.rows(size) if n >= rows]
        return min(enough, key=lambda n: self.backend.step_cost(size, n), default=None)

    def _step_cost(self, size: Size, rows: int) -> float:
        padded = self._padded(size, rows)
        return inf if padded is None else self.backend.step_cost(size, padded)

    def _decode(self, jobs: Sequence[Job]) -> list[Job]:
        """Decode as many at a time as the backend has lanes, and let each go as soon as it is done."""
        over: list[Job] = []
        for job in jobs:
            job.lap("denoise")
        for i in range(0, len(jobs), self.backend.lanes):
            some = jobs[i : i + self.backend.lanes]
            pictures = self.backend.vae_decode(torch.cat([job.latents for job in some]))
            for job, pixels in zip(some, pictures, strict=True):
                self._finish(job, pixels)
            over += self._retire()
        return over

    def _finish(self, job: Job, pixels: Tensor) -> None:
        if pixels.isfinite().all():
            job.pixels = to_uint8(pixels)
        else:
            job.error = ServeError("the picture has pixels that are not numbers; the model may need a wider --dtype")
        job.lap("decode")

    def _retire(self) -> list[Job]:
        over = self.scheduler.retire()
        for job in over:
            job.notify(job)
            self.observer.retired(job.outcome)
        self.observer.load(sum(job.rows for job in self.scheduler.batch), self.scheduler.waiting)
        return over

    def abort(self, error: Exception) -> None:
        """Fail the jobs of the present step with `error`; paused and waiting ones are not touched."""
        for job in self.scheduler.batch:
            job.error = error
            job.notify(job)
            self.observer.retired(job.outcome)
        self.scheduler.retire()


def to_uint8(pixels: Tensor) -> Pixels:
    """[3, H, W] in -1..1 to an H x W x 3 array, rounded as diffusers rounds."""
    unit = (pixels / 2 + 0.5).clamp(0, 1).permute(1, 2, 0)
    array: Pixels = (unit.cpu().numpy() * 255).round().astype("uint8")
    return array
