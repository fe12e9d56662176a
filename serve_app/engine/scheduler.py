"""Who takes the next denoising step. No tensors, no clock, no I/O."""

from collections import deque
from collections.abc import Sequence
from typing import Generic, Protocol, TypeVar

from serve_app.errors import Overloaded


class Schedulable(Protocol):
    """What the scheduler sees of a job."""

    @property
    def rows(self) -> int:
        """UNet rows the job takes in a step."""

    @property
    def over(self) -> bool:
        """True once it is done, failed or cancelled."""


J = TypeVar("J", bound=Schedulable)


class Scheduler(Generic[J]):
    """First come, first served, as many rows at once as fit. A job that does not fit yet is not overtaken."""

    def __init__(self, max_rows: int, max_waiting: int) -> None:
        self.max_rows = max_rows
        self.max_waiting = max_waiting
        self.waiting: deque[J] = deque()
        self.running: list[J] = []

    def add(self, jobs: Sequence[J]) -> None:
        """Queue all the jobs of a request, or none: raises Overloaded."""
        if len(self.waiting) + len(jobs) > self.max_waiting:
            raise Overloaded(
                f"{len(self.waiting)} images are waiting and at most {self.max_waiting} may; try again later"
            )
        self.waiting.extend(jobs)

    def schedule(self) -> list[J]:
        """Admit waiting jobs into free rows and return all that take this step."""
        free = self.max_rows - sum(job.rows for job in self.running if not job.over)
        while self.waiting and (self.waiting[0].over or self.waiting[0].rows <= free):
            job = self.waiting.popleft()
            if not job.over:
                self.running.append(job)
                free -= job.rows
        return [job for job in self.running if not job.over]

    def retire(self) -> list[J]:
        """Remove and return the jobs that are over."""
        over = [job for job in self.running if job.over]
        self.running = [job for job in self.running if not job.over]
        return over

    @property
    def idle(self) -> bool:
        return not self.running and not self.waiting
