"""The service's HTTP interface, typed: docs/api.md has it in words."""

import base64
import json
import math
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from gradio_ui.errors import Broken, Refused, UiError, Unreachable

TIMEOUT = httpx.Timeout(10, read=60, pool=None)
"""Seconds. A stream is never silent for longer than 15: the service sends pings."""


@dataclass(frozen=True)
class Model:
    """A served model and its defaults."""

    name: str
    sizes: tuple[str, ...]
    steps: int
    guidance_scale: float
    scheduler: str


@dataclass(frozen=True)
class Limits:
    """The largest values that the service takes."""

    prompt_characters: int
    steps: int
    guidance_scale: float
    n: int
    seed: int


@dataclass(frozen=True)
class Info:
    """`/v1/info`."""

    models: tuple[Model, ...]
    schedulers: tuple[str, ...]
    limits: Limits

    def model(self, name: str | None) -> Model:
        """The model of that name, else the first."""
        return next((model for model in self.models if model.name == name), self.models[0])


@dataclass(frozen=True)
class Queued:
    position: int


@dataclass(frozen=True)
class Step:
    step: int
    of: int


@dataclass(frozen=True)
class Done:
    """A picture: the very bytes that the service made."""

    data: bytes
    media_type: str
    seed: int
    model: str
    warnings: tuple[str, ...] = ()


Event = Queued | Step | Done


class Client:
    """One per process. A key given to a call wins over the process's own."""

    def __init__(self, prefix: str, api_key: str = "", transport: httpx.AsyncBaseTransport | None = None) -> None:
        self.prefix = prefix
        self._api_key = api_key
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=20)
        self._http = httpx.AsyncClient(timeout=TIMEOUT, limits=limits, transport=transport)

    def _headers(self, key: str) -> dict[str, str]:
        used = key or self._api_key
        return {"Authorization": f"Bearer {used}"} if used else {}

    async def ready(self, key: str = "") -> None:
        """Returns if a replica has warmed up. Raises what stands in the way."""
        await self._get("/readyz", key)

    async def info(self, key: str = "") -> Info:
        return _info(await self._get("/v1/info", key))

    async def _get(self, path: str, key: str) -> Any:
        try:
            answer = await self._http.get(self.prefix + path, headers=self._headers(key))
        except httpx.HTTPError as error:
            raise _ours(error, self.prefix) from error
        if answer.status_code != 200:
            raise _refusal(answer)
        return _json(answer.text)

    async def stream(self, query: Mapping[str, str], key: str = "") -> AsyncGenerator[Event, None]:
        """Draw one picture. Closing the generator closes the connection, and with it the service frees the rows."""
        url = f"{self.prefix}/imagine/stream"
        try:
            async with self._http.stream("GET", url, params=query, headers=self._headers(key)) as answer:
                if answer.status_code != 200:
                    await answer.aread()
                    raise _refusal(answer)
                async for name, data in server_sent_events(answer.aiter_lines()):
                    yield _event(name, _json(data))
                    if name == "done":
                        return
        except httpx.HTTPError as error:
            raise _ours(error, self.prefix) from error
        raise Broken("The connection to the service ended before the picture was finished.")

    async def close(self) -> None:
        await self._http.aclose()


async def server_sent_events(lines: AsyncIterator[str]) -> AsyncIterator[tuple[str, str]]:
    """Name and data of each event that is complete; comments, such as pings, are passed over."""
    name, data = "message", list[str]()
    async for line in lines:
        if line == "":
            if data:
                yield name, "\n".join(data)
            name, data = "message", []
        field, _, value = line.partition(":")
        if field == "event":
            name = value.removeprefix(" ")
        elif field == "data":
            data.append(value.removeprefix(" "))


def _event(name: str, data: Any) -> Event:
    try:
        if name == "queued":
            return Queued(int(data["position"]))
        if name == "step":
            return Step(int(data["step"]), int(data["of"]))
        if name == "error":
            raise _error(200, data, None)
        image = data["images"][0]
        warnings = tuple(image.get("warnings", ()))
        return Done(base64.b64decode(image["data"]), image["media_type"], image["seed"], data["model"], warnings)
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise Broken(f"The service sent an event {name!r} that this page does not understand.") from error


def _info(data: Any) -> Info:
    try:
        models = [Model(m["name"], tuple(m["sizes"]), **m["defaults"]) for m in data["models"]]
        limits = {name: data["limits"][name] for name in Limits.__dataclass_fields__}
        return Info(tuple(models), tuple(data["schedulers"]), Limits(**limits))
    except (KeyError, TypeError) as error:
        raise Broken("What answers at the service's address is not an image service.") from error


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise Broken("What answers at the service's address is not an image service.") from error


def _refusal(answer: httpx.Response) -> Refused:
    """An error answer as ours, also where a proxy made it and its body is no JSON."""
    try:
        data = answer.json()
    except ValueError:
        data = None
    return _error(answer.status_code, data, answer.headers.get("Retry-After"))


def _error(status: int, data: Any, retry_after: str | None) -> Refused:
    error = data.get("error") if isinstance(data, dict) else None
    error = error if isinstance(error, dict) else {}
    code = str(error.get("code") or ("overloaded" if status in (429, 503) else f"http_{status}"))
    message = str(error.get("message") or f"The service answered with status {status}.")
    return Refused(status, code, message, error.get("param"), _seconds(retry_after))


def _seconds(retry_after: str | None) -> int | None:
    try:
        return math.ceil(float(retry_after)) if retry_after else None
    except (ValueError, OverflowError):
        return None


def _ours(error: httpx.HTTPError, prefix: str) -> UiError:
    if isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout)):
        return Unreachable(f"The service at {prefix} cannot be reached.")
    if isinstance(error, httpx.TimeoutException):
        return Broken("The service has stopped answering.")
    return Broken("The connection to the service broke before the picture was finished.")
