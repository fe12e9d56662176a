"""Who takes the next denoising step. No tensors, no clock, no I/O."""

from collections import deque
from collections.abc import Callable, Sequence
from functools import cache
from math import inf
from typing import Generic, Protocol, TypeVar

from serve_app.core import Size
from serve_app.errors import Overloaded

AGING = 0.25
"""Milliseconds of a job's work that are forgiven for each millisecond in which others were served."""


class Schedulable(Protocol):
    """What the scheduler sees of a job."""

    @property
    def rows(self) -> int:
        """UNet rows the job takes in a step."""

    @property
    def size(self) -> Size: ...

    @property
    def remaining(self) -> int:
        """Evaluations left."""

    @property
    def over(self) -> bool:
        """True once it is done, failed or cancelled."""


J = TypeVar("J", bound=Schedulable)


class Scheduler(Generic[J]):
    """Shortest remaining work first, with aging. A job may pause at any step: its latents keep.

    `cost(size, rows)` is the time in ms of the UNet call that takes so many rows, infinite where there is none. A step
    serves one size. A batch grows only while that lowers the cost per row; past it, one job at a time is sooner done.

    Nobody starves: once others have been served for `1 / AGING` times a job's own work, whatever arrives later stays
    behind it. At most `max_waiting` jobs and a batch are there by then, so its turn comes when they are done.
    """

    def __init__(self, max_rows: int, max_waiting: int, cost: Callable[[Size, int], float]) -> None:
        self.max_rows = max_rows
        self.max_waiting = max_waiting
        self.batch: list[J] = []
        self.paused: list[J] = []
        self._arrived: deque[J] = deque()
        self._passed_over: dict[J, float] = {}
        self._cost = cache(cost)
        self._best_per_row = cache(lambda size: min(self._cost(size, n) / n for n in range(1, max_rows + 1)))

    def add(self, jobs: Sequence[J]) -> None:
        """Queue all the jobs of a request, or none: raises Overloaded. The one method for another thread."""
        if self.waiting + len(jobs) > self.max_waiting:
            raise Overloaded(f"{self.waiting} images are waiting and at most {self.max_waiting} may; try again later")
        self._arrived.extend(jobs)

    def schedule(self) -> list[J]:
        """The jobs that take this step: the most urgent one and those of its size that go well with it."""
        jobs = self.batch + self.paused
        while self._arrived:
            jobs.append(self._arrived.popleft())
        queue = sorted((job for job in jobs if not job.over), key=self._work)
        self.batch = self._fill([job for job in queue if job.size == queue[0].size])
        self.paused = [job for job in jobs if job not in self.batch]
        if self.batch:
            spent = self._cost(queue[0].size, sum(job.rows for job in self.batch))
            for job in self.paused:
                self._passed_over[job] = self._passed_over.get(job, 0.0) + spent
        return self.batch

    def _work(self, job: J) -> float:
        """Milliseconds the job still takes of a full batch, less what its age forgives."""
        own = job.remaining * job.rows * self._best_per_row(job.size)
        return own - AGING * self._passed_over.get(job, 0.0)

    def _fill(self, queue: Sequence[J]) -> list[J]:
        """The start of the queue whose rows cost least each; a job that does not fit is left for a later step."""
        batch: list[J] = []
        rows, cheapest, chosen = 0, inf, 0
        for job in queue:
            if rows + job.rows > self.max_rows or self._cost(job.size, rows + job.rows) == inf:
                continue
            batch.append(job)
            rows += job.rows
            if (per_row := self._cost(job.size, rows) / rows) < cheapest:
                cheapest, chosen = per_row, len(batch)
        return batch[:chosen]

    def retire(self) -> list[J]:
        """Remove and return the jobs that are over."""
        over = [job for job in self.batch + self.paused if job.over]
        self.batch = [job for job in self.batch if not job.over]
        self.paused = [job for job in self.paused if not job.over]
        for job in over:
            self._passed_over.pop(job, None)
        return over

    @property
    def waiting(self) -> int:
        """Jobs that take no part in the present step, begun or not."""
        return len(self.paused) + len(self._arrived)

    @property
    def idle(self) -> bool:
        return not self.batch and not self.waiting
