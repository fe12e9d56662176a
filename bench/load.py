"""The load generator: a process of its own, a plan on stdin, answers on stdout. Loopback only, bounded."""

import asyncio
import json
import subprocess
import sys
import time
import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from bench.plan import Answer, Plan, Shot

SLACK_S = 30
"""What the process may take beyond its plan."""


def fire(plan: Plan) -> list[Answer]:
    """Run a plan in another process."""
    bound = plan.seconds + plan.timeout_s + SLACK_S
    command = [sys.executable, "-m", "bench.load"]
    done = subprocess.run(command, input=plan.to_json(), stdout=subprocess.PIPE, text=True, timeout=bound, check=True)
    return Answer.from_json(done.stdout)


def server_timing(header: str) -> dict[str, float]:
    """'queue;dur=1.5, text;dur=2' to milliseconds by phase."""
    pairs = (part.strip().partition(";dur=") for part in header.split(",") if ";dur=" in part)
    return {name: float(value) for name, _, value in pairs}


class Generator:
    """Runs one plan."""

    def __init__(self, plan: Plan, session: aiohttp.ClientSession) -> None:
        self.plan = plan
        self.session = session
        self.began = time.monotonic()
        self.answers: list[Answer] = []

    @property
    def now(self) -> float:
        return time.monotonic() - self.began

    async def run(self) -> list[Answer]:
        await (self._closed() if self.plan.clients else self._open())
        return self.answers

    async def _open(self) -> None:
        async with asyncio.TaskGroup() as group:
            for shot in self.plan.shots:
                await asyncio.sleep(max(0.0, shot.at - self.now))
                group.create_task(self._shoot(shot))

    async def _closed(self) -> None:
        queue = iter(self.plan.shots)
        gap = self.plan.stagger_s / self.plan.clients

        async def client(number: int) -> None:
            await asyncio.sleep(number * gap)
            while self.now < self.plan.seconds and (shot := next(queue, None)) is not None:
                await self._shoot(replace(shot, at=self.now))

        await asyncio.gather(*map(client, range(self.plan.clients)))

    async def _shoot(self, shot: Shot) -> None:
        answer = Answer(shot, self.now, 0.0, 0)
        with suppress(aiohttp.ClientError, TimeoutError):
            answer = await self._answer(shot, answer)
        self.answers.append(replace(answer, done=self.now))

    async def _answer(self, shot: Shot, answer: Answer) -> Answer:
        values = {"prompt": self.plan.prompt, "steps": shot.steps, "seed": shot.seed}
        given: dict[str, Any] = {"json": values} if self.plan.method == "POST" else {"params": values}
        request_id = f"bench-{uuid.uuid4().hex}"
        headers = {"X-Request-Id": request_id}
        async with self.session.request(self.plan.method, self.plan.url, headers=headers, **given) as response:
            answer = replace(answer, status=response.status, request_id=request_id)
            if self.plan.stream and await self._leaves(response, shot.leave_after):
                return replace(answer, status=499)
            size = len(await response.read())
            return replace(answer, bytes=size, timings=server_timing(response.headers.get("Server-Timing", "")))

    async def _leaves(self, response: aiohttp.ClientResponse, after: int) -> bool:
        """Read events; hang up after so many steps."""
        seen = 0
        async for line in response.content:
            seen += line.startswith(b"event: step")
            if after and seen == after:
                response.close()
                return True
        return False


async def _run(plan: Plan) -> list[Answer]:
    if urlsplit(plan.url).hostname != "127.0.0.1":
        raise ValueError(f"{plan.url}: load goes to this machine only")
    connector = aiohttp.TCPConnector(limit=0)
    limits = aiohttp.ClientTimeout(total=plan.timeout_s)
    async with aiohttp.ClientSession(connector=connector, timeout=limits, read_bufsize=1 << 20) as session:
        return await Generator(plan, session).run()


def completions(answers: Sequence[Answer], until: float) -> list[float]:
    """When pictures came, up to a time."""
    return [answer.done for answer in answers if answer.ok and answer.done <= until]


if __name__ == "__main__":
    found = asyncio.run(_run(Plan.from_json(sys.stdin.read())))
    print(json.dumps([asdict(answer) for answer in found]))  # noqa: T201  (its result)
