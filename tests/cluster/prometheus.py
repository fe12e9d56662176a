"""A real Prometheus over a real service, on loopback."""

import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from server import ROOT, free_port

FOLDER = ROOT / "k8s" / "monitoring"


class Prometheus:
    """Its HTTP interface."""

    def __init__(self, url: str) -> None:
        self.url = url

    def get(self, path: str, **parameters: str) -> Any:
        answer = httpx.get(f"{self.url}/api/v1/{path}", params=parameters, trust_env=False, timeout=10).json()
        assert answer["status"] == "success", answer
        return answer["data"]

    def query(self, expression: str) -> list[float]:
        """Values of an expression now; Grafana's variables get values of a dashboard that is just open."""
        expression = expression.replace("$__rate_interval", "1m").replace("$price", "1")
        return [float(sample["value"][1]) for sample in self.get("query", query=expression)["result"]]

    def metrics(self) -> set[str]:
        return set(self.get("label/__name__/values"))

    def alerts(self) -> dict[str, str]:
        return {alert["labels"]["alertname"]: alert["state"] for alert in self.get("alerts")["alerts"]}


def wait_for(condition: Callable[[], object], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(1)
    return False


def _hurry(folder: Path, metrics_port: int) -> Path:
    """local.yml and alerts.yml in `folder`, looking often, and alerts that need not last."""
    rules = yaml.safe_load((FOLDER / "alerts.yml").read_text())
    for rule in rules["groups"][0]["rules"]:
        rule["for"] = "0s"
    (folder / "alerts.yml").write_text(yaml.safe_dump(rules))
    config = yaml.safe_load((FOLDER / "local.yml").read_text())
    config["global"] = {"scrape_interval": "3s", "evaluation_interval": "1s"}
    config["scrape_configs"][0]["static_configs"][0]["targets"] = [f"127.0.0.1:{metrics_port}"]
    (folder / "local.yml").write_text(yaml.safe_dump(config))
    return folder / "local.yml"


@contextmanager
def prometheus_over(metrics_port: int, folder: Path) -> Iterator[Prometheus]:
    program = shutil.which("prometheus")
    if program is None:
        pytest.skip("no prometheus here: apt-get install prometheus")
    address = f"127.0.0.1:{free_port()}"
    arguments = [f"--config.file={_hurry(folder, metrics_port)}", f"--storage.tsdb.path={folder / 'data'}"]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen([program, *arguments, f"--web.listen-address={address}"], stdout=log, stderr=log)
    try:
        prometheus = Prometheus(f"http://{address}")
        assert wait_for(lambda: _ready(prometheus.url, process), 30), (folder / "log").read_text()
        yield prometheus
    finally:
        process.terminate()
        process.wait(20)


def _ready(url: str, process: subprocess.Popen[bytes]) -> bool:
    assert process.poll() is None, "prometheus ended"
    try:
        return httpx.get(f"{url}/-/ready", trust_env=False, timeout=5).status_code == 200
    except httpx.TransportError:
        return False
