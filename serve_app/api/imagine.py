"""GET and POST /imagine, and GET /imagine/stream."""

import base64
import json
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import Annotated, Any, Literal, get_args

from fastapi import APIRouter, Body, Header, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from sse_starlette import EventSourceResponse, ServerSentEvent

from serve_app.api.accept import preferred
from serve_app.api.errors import error_body
from serve_app.core import (
    MAX_GUIDANCE,
    MAX_IMAGES,
    MAX_PROMPT,
    MAX_SEED,
    MAX_STEPS,
    MEDIA_TYPES,
    SCHEDULERS,
    Event,
    GenerateOptions,
    GenerateRequest,
    Picture,
    Queued,
    Step,
)
from serve_app.errors import InvalidValue, ServeError
from serve_app.service import Service, deadline

EXAMPLE = "an astronaut is dancing on green grass, sunlit"
SchedulerName = Literal["euler", "euler_ancestral", "dpmpp_2m", "dpmpp_2m_karras", "ddim", "unipc", "lcm", "heun"]
assert get_args(SchedulerName) == tuple(SCHEDULERS)
Open = BeforeValidator(lambda value: None if value == "" else value)
"""An empty form field is one left open."""


class ImagineQuery(BaseModel):
    """The parameters of one picture. What is left open is filled in by the model's defaults, the seed at random."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    prompt: str = Field(min_length=1, max_length=MAX_PROMPT, pattern=r"\S", examples=[EXAMPLE])
    negative_prompt: str = Field("", max_length=MAX_PROMPT, examples=["blurry"])
    seed: Annotated[int | None, Open] = Field(None, ge=0, le=MAX_SEED, examples=[7])
    steps: Annotated[int | None, Open] = Field(None, ge=1, le=MAX_STEPS, examples=[25])
    guidance_scale: Annotated[float | None, Open] = Field(None, ge=0, le=MAX_GUIDANCE, examples=[4.0])
    width: Annotated[int | None, Open] = Field(None, ge=1, le=16_384)
    height: Annotated[int | None, Open] = Field(None, ge=1, le=16_384)
    scheduler: Annotated[SchedulerName | None, Open] = Field(None, examples=["euler"])
    model: Annotated[str | None, Open] = Field(None, max_length=200)
    format: Annotated[Literal["png", "jpeg", "webp"] | None, Open] = Field(None, description="else from Accept")
    quality: int = Field(90, ge=1, le=100, description="of jpeg and webp")

    def options(self, accept: str | None) -> GenerateOptions:
        """As core options; the format, if left open, is what `accept` likes best."""
        values = self.model_dump()
        types = {media_type: name for name, media_type in MEDIA_TYPES.items()}
        values["format"] = self.format or types[preferred(accept, list(types))]
        return GenerateOptions(**values)


class ImagineBody(ImagineQuery):
    """The same, for one to four pictures; image i is drawn with seed + i."""

    n: int = Field(1, ge=1, le=MAX_IMAGES)


def _timeout(header: str | None, limit: float) -> float:
    """Seconds for a request: the client's, a little less so that our answer comes before the proxy's own 408."""
    if header is None:
        return limit
    try:
        seconds = float(header)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= 86_400:
        name = "x-request-timeout-seconds"
        raise InvalidValue(f"{name}={header!r}: allowed: seconds, more than 0 and at most 86400", param=name)
    return min(limit, max(0.9 * seconds, seconds - 1))


def _told_by(picture: Picture) -> dict[str, str]:
    """Headers that only the drawn picture knows."""
    phases = (f"{phase};dur={seconds * 1000:.1f}" for phase, seconds in picture.timings.items())
    warnings = {"X-Imagine-Warning": "; ".join(picture.warnings)} if picture.warnings else {}
    return {"Server-Timing": ", ".join(phases), **warnings}


def _headers(service: Service, request: GenerateRequest, seeded: bool, max_age: int) -> dict[str, str]:
    headers = {"X-Imagine-Seed": str(request.seed), "X-Imagine-Model": request.model, "Vary": "Accept"}
    if seeded:
        return headers | {"ETag": service.etag(request), "Cache-Control": f"public, max-age={max_age}"}
    return headers | {"Cache-Control": "no-store"}


def _matches(if_none_match: str | None, etag: str | None) -> bool:
    """RFC 9110's weak comparison: a proxy may have taken the W/ away."""
    tags = [tag.strip().removeprefix("W/") for tag in (if_none_match or "").split(",")]
    return etag is not None and (etag.removeprefix("W/") in tags or "*" in tags)


def _as_json(request: GenerateRequest, pictures: Sequence[Picture]) -> dict[str, Any]:
    return {
        "model": request.model,
        "images": [
            {
                "seed": picture.seed,
                "media_type": MEDIA_TYPES[request.format],
                "data": base64.b64encode(picture.data).decode(),
                "warnings": picture.warnings,
            }
            for picture in pictures
        ],
    }


async def _events(
    events: AsyncGenerator[Event, None], request: GenerateRequest, request_id: str
) -> AsyncGenerator[Any, None]:
    """Engine events as server-sent ones; an error after the first event becomes the last event."""

    def event(name: str, data: Mapping[str, Any]) -> ServerSentEvent:
        return ServerSentEvent(json.dumps(data), event=name)

    try:
        async with aclosing(events):
            async for news in events:
                if isinstance(news, Queued):
                    yield event("queued", {"position": news.position})
                elif isinstance(news, Step):
                    yield event("step", {"step": news.step, "of": news.of})
                else:
                    yield event("done", _as_json(request, [news.picture]))
    except ServeError as error:
        yield event("error", error_body(error, request_id))


async def _first_then_rest(events: AsyncGenerator[Event, None], seconds: float) -> AsyncGenerator[Event, None]:
    """Wait for the first event, so that a refusal is an answer with its status; then go on, within one deadline."""
    began = time.monotonic()
    async with deadline(seconds):
        first = await anext(events)

    async def rest() -> AsyncGenerator[Event, None]:
        async with aclosing(events), deadline(seconds - (time.monotonic() - began)):
            yield first
            async for event in events:
                yield event

    return rest()


def imagine_router(service: Service, request_timeout_s: float, cache_max_age_s: int) -> APIRouter:
    """The routes of this file."""
    router = APIRouter(tags=["imagine"])
    answers: dict[int | str, dict[str, Any]] = {
        200: {"content": {media_type: {} for media_type in MEDIA_TYPES.values()}, "description": "The picture"}
    }

    @router.get("/imagine", response_class=Response, responses={**answers, 304: {"description": "Not modified"}})
    async def get_imagine(
        query: Annotated[ImagineQuery, Query()],
        accept: Annotated[str | None, Header()] = None,
        if_none_match: Annotated[str | None, Header()] = None,
        x_request_timeout_seconds: Annotated[str | None, Header()] = None,
    ) -> Response:
        """Draw one picture."""
        request = service.complete(query.options(accept))
        headers = _headers(service, request, query.seed is not None, cache_max_age_s)
        if _matches(if_none_match, headers.get("ETag")):
            return Response(status_code=304, headers=headers)
        async with deadline(_timeout(x_request_timeout_seconds, request_timeout_s)):
            (picture,) = await service.generate(request)
        headers |= _told_by(picture)
        return Response(picture.data, headers=headers, media_type=MEDIA_TYPES[request.format])

    @router.post("/imagine", response_class=Response, responses=answers)
    async def post_imagine(
        body: Annotated[ImagineBody, Body()],
        accept: Annotated[str | None, Header()] = None,
        x_request_timeout_seconds: Annotated[str | None, Header()] = None,
    ) -> Response:
        """Draw one picture, or up to four as JSON with base64 images (also one, if Accept is application/json)."""
        request = service.complete(body.options(accept))
        headers = {"X-Imagine-Seed": str(request.seed), "X-Imagine-Model": request.model, "Cache-Control": "no-store"}
        async with deadline(_timeout(x_request_timeout_seconds, request_timeout_s)):
            pictures = await service.generate(request)
        headers |= _told_by(pictures[-1])
        if request.n > 1 or preferred(accept, [*MEDIA_TYPES.values(), "application/json"]) == "application/json":
            return JSONResponse(_as_json(request, pictures), headers=headers)
        return Response(pictures[0].data, headers=headers, media_type=MEDIA_TYPES[request.format])

    @router.get("/imagine/stream", response_class=EventSourceResponse)
    async def stream_imagine(
        http: Request,
        query: Annotated[ImagineQuery, Query()],
        accept: Annotated[str | None, Header()] = None,
        x_request_timeout_seconds: Annotated[str | None, Header()] = None,
    ) -> EventSourceResponse:
        """Draw one picture and tell of it: events `queued`, `step`, then `done` with the image or `error`."""
        request = service.complete(query.options(accept))
        seconds = _timeout(x_request_timeout_seconds, request_timeout_s)
        events = await _first_then_rest(service.stream(request), seconds)
        return EventSourceResponse(
            _events(events, request, http.scope["request_id"]), headers={"Cache-Control": "no-store"}
        )

    return router
