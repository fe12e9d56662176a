"""Replicas under load: the server's own scheduler in each, with a clock in place of a chip."""

import random
from dataclasses import dataclass
from math import inf
from statistics import fmean, quantiles

from serve_app.core import Size
from serve_app.engine.scheduler import Scheduler
from serve_app.errors import Overloaded

SEED = 7
MOST_REPLICAS = 12
WARM_UP = 100
"""Requests that find the replicas emptier than later ones, and are not counted."""
REQUESTS = 600


@dataclass(frozen=True)
class Picture:
    """What every request asks for, and what it takes of a replica."""

    size: Size
    steps: int
    pair_ms: float
    """A UNet call of one guided image, two rows."""
    around_ms: float
    """Text encoders, VAE and encoding, during which the chip steps for nobody."""

    @property
    def alone_s(self) -> float:
        return (self.steps * self.pair_ms + self.around_ms) / 1000

    def cost(self, size: Size, rows: int) -> float:
        """Larger batches save nothing: at these sizes one pair fills the chip. Unmeasured, so on the safe side."""
        return self.pair_ms * -(-rows // 2)


@dataclass(eq=False)
class Job:
    size: Size
    remaining: int
    arrived: float
    counts: bool
    rows: int = 2
    left: float = 0.0

    @property
    def over(self) -> bool:
        return self.remaining == 0


@dataclass(frozen=True)
class Waits:
    """Seconds between what a request would take alone and what it took."""

    half: float
    most: float
    """95 of 100 wait less."""
    refused: float
    """Share of the requests that got 503."""
    mean: float


class _Replica:
    """The server's scheduler, and a clock in ms."""

    def __init__(self, picture: Picture, max_rows: int, max_waiting: int) -> None:
        self.picture = picture
        self.scheduler = Scheduler[Job](max_rows, max_waiting, picture.cost)
        self.now = 0.0
        self.done: list[Job] = []

    @property
    def queue(self) -> int:
        return len(self.scheduler.batch) + self.scheduler.waiting

    def run_until(self, moment: float) -> None:
        """As the engine does it: schedule, denoise, retire."""
        while self.now < moment and not self.scheduler.idle:
            batch = self.scheduler.schedule()
            self.now += self.picture.cost(self.picture.size, sum(job.rows for job in batch))
            for job in batch:
                job.remaining -= 1
            for job in self.scheduler.retire():
                self.now += self.picture.around_ms
                job.left = self.now
                self.done.append(job)
        if moment < inf:
            self.now = max(self.now, moment)


def simulate(picture: Picture, load: float, replicas: int, max_rows: int, max_waiting: int) -> Waits:
    """Requests at random moments, `load` of what the replicas can do; each to the less busy of two, as Ray does it.

    Of many replicas MOST_REPLICAS stand for all.
    """
    chance, clock, refused = random.Random(SEED), 0.0, 0
    cluster = [_Replica(picture, max_rows, max_waiting) for _ in range(min(replicas, MOST_REPLICAS))]
    between = 1000 * picture.alone_s / (load * len(cluster))
    for number in range(WARM_UP + REQUESTS):
        clock += chance.expovariate(1 / between)
        for replica in cluster:
            replica.run_until(clock)
        chosen = min(chance.choice(cluster), chance.choice(cluster), key=lambda replica: replica.queue)
        try:
            chosen.scheduler.add([Job(picture.size, picture.steps, clock, counts=number >= WARM_UP)])
        except Overloaded:
            refused += number >= WARM_UP
    for replica in cluster:
        replica.run_until(inf)
    jobs = [job for replica in cluster for job in replica.done if job.counts]
    waits = [max(0.0, (job.left - job.arrived) / 1000 - picture.alone_s) for job in jobs]
    cuts = quantiles(waits, n=20)
    return Waits(cuts[9], cuts[18], refused / REQUESTS, fmean(waits))
