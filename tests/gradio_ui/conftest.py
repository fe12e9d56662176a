import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from fakes import FakeReplicas

from gradio_ui.client import Client, Info, Limits, Model
from serve_app.api.app import HttpOptions, create_app
from serve_app.core import ModelInfo
from serve_app.registry import Registry
from serve_app.service import Service

MODELS = [
    ModelInfo("demo", "abc123", ((64, 48), (48, 64)), "euler", 25, 4.0),
    ModelInfo("other", "def456", ((32, 32),), "lcm", 4, 1.0),
]


@pytest.fixture
def served(replicas: FakeReplicas) -> Callable[..., Client]:
    """`served(key)` is a client of the real HTTP interface in front of `replicas`."""

    def served(key: str = "") -> Client:
        app = create_app(Service(Registry(MODELS), replicas), HttpOptions())
        return Client("http://service", key, httpx.ASGITransport(app, raise_app_exceptions=False))

    return served


@pytest.fixture
def answering() -> Callable[..., Client]:
    """`answering(handler)` is a client of whatever `handler` makes of a request."""

    def answering(handler: Callable[[httpx.Request], httpx.Response], key: str = "") -> Client:
        return Client("http://service", key, httpx.MockTransport(handler))

    return answering


@pytest.fixture
def info() -> Info:
    models = (
        Model("demo", ("64x48", "48x64"), 25, 4.0, "euler"),
        Model("other", ("32x32",), 4, 1.0, "lcm"),
    )
    return Info(models, ("euler", "heun", "lcm"), Limits(2000, 100, 50.0, 4, 2**64 - 1))


@pytest.fixture
def collect() -> Callable[[AsyncGenerator[Any, None]], list[Any]]:
    """Runs an async generator to its end."""

    async def everything(items: AsyncIterator[Any]) -> list[Any]:
        return [item async for item in items]

    return lambda items: asyncio.run(everything(items))
