"""Runs workers, a few at a time, until every graph is compiled or has failed."""

import os
import shutil
import signal
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path

from compile.errors import GraphsFailed
from compile.events import Events
from compile.graphs import GraphSpec
from compile.options import Options
from compile.plan import GraphPlan, Plan
from compile.worker import start_worker

POLL_S = 0.5
SHOWN_LINES = 15
"""Of a failed worker's log; the whole of it stays beside the graphs."""


@dataclass
class _Running:
    plan: GraphPlan
    process: BaseProcess
    began: float
    output: Path
    log: Path


class _Pool:
    """The workers of one compile."""

    def __init__(self, options: Options, keys: Mapping[GraphSpec, str], folder: Path, events: Events) -> None:
        self.running: list[_Running] = []
        self.failed: list[str] = []
        self.done_s = 0.0
        self._options = options
        self._keys = keys
        self._folder = folder
        self._events = events

    def start(self, plan: GraphPlan) -> None:
        name, unfinished = plan.graph.name, self._folder / "unfinished"
        text = f"{name}: compiling, about {plan.seconds:.0f} s"
        self._events.say("started", text, graph=name, estimate_s=round(plan.seconds))
        output = unfinished / (f"{name}.pt2" if self._options.target == "aot" else name)
        log = unfinished / f"{name}.log"
        shutil.rmtree(output, ignore_errors=True)
        unfinished.mkdir(exist_ok=True)
        process = start_worker(self._options, plan.graph, output, log)
        self.running.append(_Running(plan, process, time.monotonic(), output, log))

    def collect(self) -> float:
        """Take in the workers that have ended; returns the estimated seconds of work done."""
        for worker in [worker for worker in self.running if worker.process.exitcode is not None]:
            self.running.remove(worker)
            self.done_s += worker.plan.seconds
            self._finish(worker)
        return self.done_s + sum(min(time.monotonic() - w.began, w.plan.seconds) for w in self.running)

    def _finish(self, worker: _Running) -> None:
        name, seconds = worker.plan.graph.name, round(time.monotonic() - worker.began, 1)
        if worker.process.exitcode == 0 and worker.output.exists():
            worker.output.rename(self._folder / "graphs" / worker.output.name)
            key_file(self._folder, worker.plan.graph).write_text(self._keys[worker.plan.graph])
            worker.log.unlink()
            self._events.say("finished", f"{name}: compiled in {seconds:.0f} s", graph=name, seconds=seconds)
            return
        self.failed.append(name)
        tail = "\n".join(worker.log.read_text(errors="replace").splitlines()[-SHOWN_LINES:])
        text = f"{name}: failed after {seconds:.0f} s; the end of {worker.log}:\n{tail}"
        self._events.say("failed", text, graph=name, seconds=seconds, log=str(worker.log), tail=tail)

    def stop(self) -> None:
        """End the workers that still run, with all that they started."""
        for worker in self.running:
            assert worker.process.pid is not None
            with suppress(ProcessLookupError):  # it has ended, or has not become a group's head yet
                os.killpg(worker.process.pid, signal.SIGKILL)
            worker.process.kill()
            worker.process.join()


def compile_graphs(options: Options, plan: Plan, keys: Mapping[GraphSpec, str], folder: Path, events: Events) -> None:
    """Compile what has no key file yet. After a failure the others go on; raises GraphsFailed at the end."""
    todo = [graph for graph in plan.graphs if not key_file(folder, graph.graph).exists()]
    for name in (graph.graph.name for graph in plan.graphs if graph not in todo):
        events.say("reused", f"{name}: compiled before", graph=name)
    pool = _Pool(options, keys, folder, events)
    events.begin(sum(graph.seconds for graph in todo) / plan.jobs)
    try:
        while todo or pool.running:
            while todo and len(pool.running) < plan.jobs:
                pool.start(todo.pop(0))
            time.sleep(POLL_S)
            events.progress(pool.collect() / plan.jobs)
    finally:
        events.end()
        pool.stop()
    if pool.failed:
        raise GraphsFailed(
            f"{len(pool.failed)} of {len(plan.graphs)} graphs failed: {', '.join(pool.failed)}; the others are kept in "
            f"{folder} and the same command goes on from there"
        )


def key_file(folder: Path, graph: GraphSpec) -> Path:
    """Written when a graph is whole; holds the key that it was compiled under."""
    return folder / "graphs" / f"{graph.name}.key"
