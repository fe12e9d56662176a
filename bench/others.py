"""What else this machine does while something is measured."""

import os
import time

from bench.processes import PROC, cpu_seconds, tree


class Others:
    """CPUs that processes outside this run have taken since this was made: what makes a figure doubtful."""

    def __init__(self) -> None:
        self._began, self._busy, self._own = time.monotonic(), _busy_seconds(), _own_seconds()

    def cpus(self) -> float:
        taken = _busy_seconds() - self._busy - self._own_since()
        return max(0.0, taken / (time.monotonic() - self._began))

    def _own_since(self) -> float:
        return _own_seconds() - self._own


def _busy_seconds() -> float:
    user, nice, system, *_ = (PROC / "stat").read_text().split()[1:]
    return (int(user) + int(nice) + int(system)) / os.sysconf("SC_CLK_TCK")


def _own_seconds() -> float:
    """Of this process, of all below it, and of its children that have ended."""
    ended = os.times()
    return cpu_seconds(tree(os.getpid())) + ended.children_user + ended.children_system
