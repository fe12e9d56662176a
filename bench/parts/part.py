"""What a measurement consists of."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.goals import Goal
from bench.lab import Lab

Data = dict[str, Any]
"""Raw numbers, as they are kept in JSON."""


@dataclass(frozen=True)
class Part:
    """`measure` fills the JSON file; everything else is made of that alone."""

    measure: Callable[[Lab], Data]
    report: Callable[[Data], str]
    goals: Callable[[Data], Sequence[Goal]]
    services: Callable[[Mapping[str, Data]], Sequence[str]] = lambda results: []
    """Which services it will ask for, given what this run has found so far; the others may end."""
    plot: Callable[[Data, Path], None] = lambda data, folder: None
