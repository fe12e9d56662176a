"""A contender that runs, and HTTP to it without any proxy."""

import json
import socket
import time
from dataclasses import dataclass, field
from http.client import HTTPException
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import ProxyHandler, Request, build_opener

from bench.arrivals import PROMPT
from bench.load import fire
from bench.others import Others
from bench.plan import Answer, Plan
from bench.processes import BenchError, Child, pss_mib

START_S = 180
_direct = build_opener(ProxyHandler({}))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def get(url: str | Request, timeout: float = 30) -> tuple[int, bytes]:
    """Status and body; 0 where nobody answers."""
    try:
        with _direct.open(url, timeout=timeout) as answer:
            return answer.status, answer.read()
    except HTTPError as error:
        return error.code, error.read()
    except (URLError, OSError, HTTPException):
        return 0, b""


@dataclass
class Service:
    """A contender that runs. `first_image_s` counts from the start of its process."""

    child: Child
    url: str
    metrics_url: str
    method: str
    first_image_s: float = 0.0
    peak_mib: float = 0.0
    paused: bool = False
    others: list[float] = field(default_factory=list)
    """CPUs that strangers took during each load."""

    def wait_for_image(self, steps: int) -> None:
        while self._picture(0, steps)[0] != 200:
            if self.child.age > START_S or not self.child.running:
                raise BenchError(f"did not start; the end of its log:\n{self.child.output()[-2000:]}")
            time.sleep(0.1)
        self.first_image_s = self.child.age
        self.weigh()

    def picture(self, seed: int, steps: int) -> bytes:
        status, data = self._picture(seed, steps)
        if status != 200:
            raise BenchError(f"{self.url} answered {status}: {data[:200]!r}")
        return data

    def _picture(self, seed: int, steps: int) -> tuple[int, bytes]:
        values = {"prompt": PROMPT, "steps": steps, "seed": seed}
        if self.method == "GET":
            return get(f"{self.url}?{urlencode(values)}")
        return get(Request(self.url, json.dumps(values).encode(), {"Content-Type": "application/json"}))

    def weigh(self) -> None:
        self.peak_mib = max(self.peak_mib, pss_mib(self.child.pids))

    def load(self, plan: Plan) -> list[Answer]:
        others = Others()
        answers = fire(plan)
        self.others.append(round(others.cpus(), 3))
        self.weigh()
        return answers
