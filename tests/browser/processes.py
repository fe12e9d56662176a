"""Servers that tests start and stop."""

import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
import uvicorn
from fakes import FakeReplicas
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from serve_app.api.app import HttpOptions, create_app
from serve_app.core import ModelInfo
from serve_app.registry import Registry
from serve_app.service import Service

ROOT = Path(__file__).parent.parent.parent
START_S = 120
INFO = ModelInfo("small", "abc123", ((64, 48),), "euler", 2, 4.0)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(url: str) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        try:
            httpx.get(url, timeout=5, trust_env=False)
            return
        except httpx.HTTPError:
            time.sleep(0.1)
    raise AssertionError(f"{url} does not answer")


@contextmanager
def child(url: str, *command: str) -> Generator[psutil.Process, None, None]:
    """A Python process in the repository's root; ended at the end. What it wrote is shown if it does not start."""
    with tempfile.TemporaryFile("w+") as output:
        environ = os.environ | {"PYTHONPATH": str(ROOT)}
        process = subprocess.Popen(
            [sys.executable, *command], cwd=ROOT, stdout=output, stderr=subprocess.STDOUT, env=environ
        )
        try:
            wait_for(url)
            yield psutil.Process(process.pid)
        except AssertionError:
            output.seek(0)
            print(output.read())
            raise
        finally:
            process.terminate()
            process.wait(30)


class Troublesome:
    """A service whose engine is fake, so that tests choose its troubles: the real HTTP interface on a fixed port."""

    def __init__(self) -> None:
        self.port = free_port()
        self.key = ""
        self.replicas = FakeReplicas()
        self._server: uvicorn.Server | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def _guarded(self, app: ASGIApp) -> ASGIApp:
        async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
            sent = dict(scope.get("headers", [])).get(b"authorization", b"").decode()
            if scope["type"] == "http" and self.key and sent != f"Bearer {self.key}":
                error = {"code": "unauthorized", "message": "no such key", "param": None}
                await JSONResponse({"error": error}, 401)(scope, receive, send)
            else:
                await app(scope, receive, send)

        return guarded

    def start(self) -> None:
        app = create_app(Service(Registry([INFO]), self.replicas), HttpOptions())
        config = uvicorn.Config(self._guarded(app), port=self.port, log_level="error", timeout_graceful_shutdown=1)
        self._server = uvicorn.Server(config)
        threading.Thread(target=self._server.run, daemon=True).start()
        wait_for(f"{self.url}/healthz")

    def stop(self) -> None:
        """Connections that are open are cut after a second."""
        server, self._server = self._server, None
        if server:
            server.should_exit = True
            while server.started and server.servers:
                time.sleep(0.05)
                if not any(s.is_serving() for s in server.servers):
                    break
            time.sleep(0.1)
