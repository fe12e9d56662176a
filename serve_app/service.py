"""Requests to pictures, whoever runs the models and whichever dialect asked."""

import asyncio
import hashlib
import secrets
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Protocol

from serve_app import __version__
from serve_app.core import MAX_SEED, Event, GenerateOptions, GenerateRequest, Picture, ReplicaCounts
from serve_app.errors import DeadlinePassed, InvalidValue
from serve_app.registry import Registry


class Replicas(Protocol):
    """The model replicas: behind a Ray handle in production, in this process in tests."""

    async def generate(self, request: GenerateRequest) -> Sequence[Picture]:
        """All images of a request. Cancelling the call frees its rows at the next step."""

    def stream(self, request: GenerateRequest) -> AsyncGenerator[Event, None]:
        """Queued, steps, done, for a request of one image. Closing it frees its rows at the next step."""

    async def counts(self) -> ReplicaCounts:
        """How many have loaded their model and warmed up, and how many are to."""


class Service:
    """Fills in what a client left open and passes complete requests on."""

    def __init__(self, registry: Registry, replicas: Replicas) -> None:
        self.registry = registry
        self.replicas = replicas

    def complete(self, options: GenerateOptions) -> GenerateRequest:
        """Resolve model, size and defaults. Raises UnknownModel, UnsupportedSize."""
        info = self.registry.find(options.model)
        width, height = self.registry.size(info, options.width, options.height)
        return GenerateRequest(
            model=info.name,
            prompt=options.prompt,
            negative_prompt=options.negative_prompt,
            seed=secrets.randbelow(MAX_SEED + 1) if options.seed is None else options.seed,
            steps=info.steps if options.steps is None else options.steps,
            guidance_scale=info.guidance_scale if options.guidance_scale is None else options.guidance_scale,
            width=width,
            height=height,
            scheduler=options.scheduler or info.scheduler,
            n=options.n,
            format=options.format,
            quality=options.quality,
        )

    def etag(self, request: GenerateRequest) -> str:
        """A weak validator of the request's answer: pictures drawn in other company may differ by 1/255."""
        revision = self.registry.find(request.model).revision
        return f'W/"{hashlib.sha256(f"{__version__} {revision} {request}".encode()).hexdigest()[:24]}"'

    async def generate(self, request: GenerateRequest) -> Sequence[Picture]:
        """The request's images, in order of seed."""
        return await self.replicas.generate(request)

    def stream(self, request: GenerateRequest) -> AsyncGenerator[Event, None]:
        """Progress of a request of one image, then the image."""
        if request.n != 1:
            raise InvalidValue(f"n={request.n}: a stream carries one image; allowed: 1", param="n")
        return self.replicas.stream(request)

    async def ready(self) -> bool:
        """True if a replica has loaded its model and warmed up."""
        return (await self.replicas.counts()).running > 0


@asynccontextmanager
async def deadline(seconds: float) -> AsyncGenerator[None, None]:
    """Cancel the body after `seconds` and raise DeadlinePassed."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError as error:
        raise DeadlinePassed(f"the request's {seconds:g} s are over") from error
