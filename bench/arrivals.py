"""When requests come and what they ask for: the same list for every contender."""

from collections.abc import Sequence
from dataclasses import replace
from random import Random

from bench.plan import Shot

PROMPT = "an astronaut is dancing on green grass, sunlit"


def poisson(rate: float, seconds: float, seed: int) -> list[float]:
    """Arrival times of independent clients, `rate` per second on average."""
    random, times, now = Random(seed), [], 0.0
    while (now := now + random.expovariate(rate)) < seconds:
        times.append(now)
    return times


def uniform(times: Sequence[float], steps: int) -> list[Shot]:
    """One picture of `steps` steps at each time."""
    return [Shot(at, steps, seed=i) for i, at in enumerate(times)]


def mixed(times: Sequence[float], short: int, long: int, share: float, seed: int) -> list[Shot]:
    """A share of long ones among short ones; their number is exact, their places are random."""
    shots = uniform(times, short)
    for i in Random(seed).sample(range(len(shots)), round(share * len(shots))):
        shots[i] = replace(shots[i], steps=long)
    return shots


def leaving(shots: Sequence[Shot], share: float, seed: int) -> list[Shot]:
    """A share of the clients leaves after half of its steps."""
    left = list(shots)
    for i in Random(seed).sample(range(len(left)), round(share * len(left))):
        left[i] = replace(left[i], leave_after=left[i].steps // 2)
    return left
