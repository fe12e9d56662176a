"""A service as a child process: started, watched through /proc, ended by its pid."""

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).parent.parent
STOP_S = 60
PROC = Path("/proc")


class BenchError(RuntimeError):
    """A service did not start, or a measurement came back without what it needs."""


def tree(root: int, proc: Path = PROC) -> list[int]:
    """A process and all its descendants."""
    children: dict[int, list[int]] = {}
    for stat in proc.glob("[0-9]*/stat"):
        with suppress(OSError):  # it has ended meanwhile
            fields = stat.read_text().rpartition(")")[2].split()
            if fields[0] != "Z":
                children.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    found = [root]
    for pid in found:
        found += children.get(pid, [])
    return found


def pss_mib(pids: Sequence[int], proc: Path = PROC) -> float:
    """Memory of some processes, pages that they share counted once."""
    total = 0
    for pid in pids:
        with suppress(OSError):
            lines = (proc / str(pid) / "smaps_rollup").read_text().splitlines()
            total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total / 1024


def cpu_seconds(pids: Sequence[int], proc: Path = PROC) -> float:
    """Processor time that some processes have taken so far."""
    ticks = 0
    for pid in pids:
        with suppress(OSError):
            fields = (proc / str(pid) / "stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


class Child:
    """A running program; its output goes to a file."""

    def __init__(self, argv: Sequence[str], log: Path, env: Mapping[str, str]) -> None:
        self.log = log
        self.began = time.monotonic()
        environment = os.environ | env  # noqa: TID251  (a child inherits it; nothing here is set by it)
        with log.open("w") as output:
            self.process = subprocess.Popen(
                argv,
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
                env=environment,
            )

    @property
    def age(self) -> float:
        return time.monotonic() - self.began

    @property
    def running(self) -> bool:
        return self.process.poll() is None

    @property
    def pids(self) -> list[int]:
        return tree(self.process.pid)

    def say(self, line: str) -> None:
        """Write a line to its standard input."""
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def pause(self) -> None:
        """Stop the program and all that it started where they are, so that it takes no CPU from others."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: int) -> None:
        for pid in self.pids:
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def output(self) -> str:
        return self.log.read_text(errors="replace")

    def stop(self) -> list[int]:
        """SIGTERM to the program alone; then whatever it left, each by its id. Returns what it left."""
        family = self.pids
        if self.running:
            self.process.send_signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(STOP_S)
        if self.process.stdin is not None:
            self.process.stdin.close()
        deadline = time.monotonic() + 5
        while (left := [pid for pid in family if _alive(pid)]) and time.monotonic() < deadline:
            time.sleep(0.1)
        for pid in left:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait(STOP_S)
        return left


def _alive(pid: int) -> bool:
    try:
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
