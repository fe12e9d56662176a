"""Who is measured: ours and the peers, each as the command that starts it."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bench.processes import ROOT

CHECKPOINT = Path("demo_model") / "weights"
ARTIFACT = Path("build") / "demo-aot"
OURS_ENV = {"RAY_AUTH_MODE": "disabled", "RAY_DEDUP_LOGS": "0", "RAY_metrics_report_interval_ms": "2500"}
"""The dedup setting keeps every log line, the interval makes counters readable within seconds."""
HAPROXY_ENV = {"RAY_SERVE_ENABLE_HA_PROXY": "1", "RAY_SERVE_DIRECT_INGRESS_MIN_DRAINING_PERIOD_S": "0"}


@dataclass(frozen=True)
class Contender:
    """How a service is started and asked."""

    title: str
    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    method: str = "GET"

    def command(self, port: int, metrics_port: int) -> list[str]:
        return [sys.executable, "-m", *(part.format(port=port, metrics_port=metrics_port) for part in self.argv)]


def _ours(title: str, model: Path, *flags: str, env: dict[str, str] | None = None) -> Contender:
    ports = ("--port={port}", "--metrics-port={metrics_port}", "--no-dashboard")
    return Contender(title, ("serve_app", f"--model={model}", *ports, *flags), OURS_ENV | (env or {}))


def _peer(title: str, module: str, method: str = "GET") -> Contender:
    argv = (f"bench.peers.{module}", f"--model={CHECKPOINT}", "--port={port}")
    return Contender(title, argv, {"RAY_AUTH_MODE": "disabled"}, method)


PEERS = {
    "fastapi": _peer("FastAPI, a lock", "fastapi_lock"),
    "blueprint": _peer("Ray Serve blueprint", "blueprint"),
    "litserve": _peer("LitServe, batching", "litserve_batch", "POST"),
}
OURS = {
    "eager": _ours("ours, eager", CHECKPOINT),
    "aot": _ours("ours, aot", ARTIFACT),
}
OTHERS = {
    "aot-haproxy": _ours("ours, aot, HAProxy", ARTIFACT, env=HAPROXY_ENV),
}
CONTENDERS: Mapping[str, Contender] = {**PEERS, **OURS, **OTHERS}


def absolute(path: Path) -> Path:
    return ROOT / path
