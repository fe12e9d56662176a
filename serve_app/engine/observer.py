"""What the engine tells whoever keeps its metrics."""

from typing import Protocol


class Observer(Protocol):
    """Called on the engine's thread; must be quick."""

    def batch(self, rows: int, seconds: float) -> None:
        """One UNet call and the samplers' work after it."""

    def retired(self, outcome: str) -> None:
        """A job is over: done, cancelled or failed."""

    def load(self, rows: int, waiting: int) -> None:
        """Rows still running and jobs still waiting after a step."""


class _Quiet:
    def batch(self, rows: int, seconds: float) -> None: ...
    def retired(self, outcome: str) -> None: ...
    def load(self, rows: int, waiting: int) -> None: ...


QUIET: Observer = _Quiet()
