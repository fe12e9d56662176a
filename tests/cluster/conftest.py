from collections.abc import Iterator

import httpx
import pytest
from server import Server


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """One server for all tests of the module."""
    server = Server.start("--max-waiting=32", "--grace-s=30")
    yield server
    server.kill()


@pytest.fixture
def http(server: Server) -> Iterator[httpx.Client]:
    limits = httpx.Limits(max_connections=300)
    with httpx.Client(base_url=server.url, timeout=120, limits=limits, trust_env=False) as client:
        yield client
