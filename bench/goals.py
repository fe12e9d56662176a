"""What was to be reached, and whether it was."""

from collections.abc import Sequence
from dataclasses import dataclass

from bench.stats import number


@dataclass(frozen=True)
class Goal:
    """A measured value against its bound; `at_least` says which side is good."""

    what: str
    value: float
    bound: float
    at_least: bool = False
    unit: str = ""

    @property
    def met(self) -> bool:
        return self.value >= self.bound if self.at_least else self.value <= self.bound

    @property
    def row(self) -> tuple[str, str, str, str]:
        sign = "≥" if self.at_least else "≤"
        verdict = "met" if self.met else "**missed**"
        return self.what, f"{sign} {self.bound:g}{self.unit}", f"{number(self.value)}{self.unit}", verdict


def verdicts(goals: Sequence[Goal]) -> str:
    met = sum(goal.met for goal in goals)
    return f"{met} of {len(goals)} goals met"
