"""Waiting until every application runs: what changes is told, what is in vain is noticed, and it ends."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeAlias

from k8s.client import snapshot
from k8s.client.cluster import Cluster
from k8s.client.snapshot import Snapshot
from k8s.errors import CannotStart, NoCluster, TimedOut

Say: TypeAlias = Callable[[str], None]


@dataclass(frozen=True)
class Patience:
    """All in seconds."""

    total: float = 1800.0
    """Until the first picture: a new inf2 node, an image of several GB, a model from S3."""
    poll: float = 5.0
    """Pods and events are read anew at least so often."""
    outage: float = 120.0
    """The API server may be away for so long: it is replaced now and then."""
    doubt: float = 20.0
    """What looks hopeless must look so for this long: a fixed deployment begins with the pods of the broken one."""


def wait_until_ready(cluster: Cluster, patience: Patience, say: Say, instead_of: str = "") -> Snapshot:
    """Until all applications run, on another Ray cluster than `instead_of`; or TimedOut, CannotStart, NoCluster."""
    watch = _Watch(patience, say)
    while True:
        try:
            now = snapshot.take(cluster, watch.since)
            watch.tell(now)
            if now.ready and now.active.get("rayClusterName") != (instead_of or None):
                return now
            watch.judge(now)
            cluster.wait_for_change(now.service, patience.poll)
        except NoCluster as error:
            watch.bear(error)


class _Watch:
    """What is remembered from one look to the next."""

    def __init__(self, patience: Patience, say: Say) -> None:
        self.since = datetime.now(UTC).replace(microsecond=0)
        self._patience = patience
        self._say = say
        self._end = time.monotonic() + patience.total
        self._answered = self._hoped = time.monotonic()
        self._told: set[str] = set()

    def tell(self, now: Snapshot) -> None:
        self._answered = time.monotonic()
        for line in [*now.lines(), *map(str, now.reasons)]:
            if line not in self._told:
                self._say(line)
                self._told.add(line)

    def judge(self, now: Snapshot) -> None:
        """Raise if waiting is over or in vain."""
        hopeless = [reason for reason in now.reasons if reason.hopeless]
        if not hopeless:
            self._hoped = time.monotonic()
        elif time.monotonic() - self._hoped >= self._patience.doubt:
            raise CannotStart(f"{hopeless[0].subject}: {hopeless[0].text}", hopeless[0].advice)
        if time.monotonic() >= self._end:
            why = [f"{reason.subject}: {reason.text}" for reason in now.reasons] or now.lines()
            advice = "it goes on by itself; `python -m k8s status` tells how far"
            raise TimedOut(f"not ready after {self._patience.total:g} s: {'; '.join(why)}", advice)

    def bear(self, error: NoCluster) -> None:
        """Let an outage pass, or raise it if it lasts."""
        if time.monotonic() >= min(self._answered + self._patience.outage, self._end):
            raise error
        self._say(f"{error}; asking again")
        time.sleep(min(self._patience.poll, 1))
