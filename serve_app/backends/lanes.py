"""Graph calls beside each other."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import torch
from torch import Tensor


class Lanes:
    """Runs up to `count` calls of a graph at once, each on `torch_threads` CPU threads of its own.

    Two calls on a thread each take as long as one; a call on two threads does not take half as long, for its many
    small loops wait for each other, and for whatever else wants a CPU.
    """

    def __init__(self, count: int, torch_threads: int) -> None:
        self.count = count
        self._pool = ThreadPoolExecutor(count, "lane", torch.set_num_threads, (torch_threads,))

    def run(self, graph: Callable[..., Any], batches: Iterable[Sequence[Tensor]]) -> list[Any]:
        return list(self._pool.map(lambda batch: graph(*batch), batches))


class OneLane:
    """Runs calls one after another where they are asked for: the device itself is parallel."""

    count = 1

    def run(self, graph: Callable[..., Any], batches: Iterable[Sequence[Tensor]]) -> list[Any]:
        return [graph(*batch) for batch in batches]
