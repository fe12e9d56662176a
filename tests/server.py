"""`python -m serve_app` as a child process with a real local Ray."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psutil

ROOT = Path(__file__).parent.parent
START_S = 180
REPLICA = "ray::ServeReplica:imagine:ModelReplica"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Server:
    """A running server; `output` grows while it runs."""

    process: subprocess.Popen[str]
    port: int
    metrics_port: int
    output: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @classmethod
    def start(cls, *flags: str, env: Mapping[str, str] | None = None) -> "Server":
        ports = {name: free_port() for name in ("port", "metrics-port")}
        arguments = [f"--{name}={port}" for name, port in ports.items()]
        process = subprocess.Popen(
            [sys.executable, "-m", "serve_app", "--no-dashboard", *arguments, *flags],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            env={**os.environ, "RAY_AUTH_MODE": "disabled", **(env or {})},
        )
        server = cls(process, ports["port"], ports["metrics-port"])
        threading.Thread(target=server._read, daemon=True).start()
        server._wait_until_ready()
        return server

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.output.append(line)

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_S
        while "ready\n" not in self.output:
            if time.monotonic() > deadline or self.process.poll() is not None:
                self.kill()
                raise AssertionError("the server did not start:\n" + "".join(self.output))
            time.sleep(0.2)

    def family(self) -> list[psutil.Process]:
        """The server and all that it started."""
        if not psutil.pid_exists(self.process.pid):
            return []
        root = psutil.Process(self.process.pid)
        return [root, *root.children(recursive=True)]

    def replicas(self) -> list[psutil.Process]:
        return [
            p for p in self.family() if p.is_running() and p.status() != "zombie" and REPLICA in " ".join(p.cmdline())
        ]

    def stop(self, timeout: float = 90) -> int:
        """SIGTERM to the server alone; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout)

    def kill(self) -> None:
        """What a failed test left."""
        for process in self.family():
            process.kill()
