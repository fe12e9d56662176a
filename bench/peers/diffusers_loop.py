"""Plain diffusers in a loop, no HTTP: prints the seconds that each picture took.

Tuned: torch threads, by `--threads`; one is faster than two on two CPUs that do anything else. One picture per call, as
the library's own example does.
"""

import argparse
import json
import time

from bench.peers.pipeline import Wish, draw, load


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", required=True)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=5)
    given = parser.parse_args()
    pipeline = load(given.model, given.threads)
    taken: list[float] = []
    draw(pipeline, [Wish("warm up", 0, 2)])
    until = time.perf_counter() + given.seconds
    while (began := time.perf_counter()) < until or len(taken) < 2:
        draw(pipeline, [Wish("an astronaut is dancing on green grass, sunlit", len(taken), given.steps)])
        taken.append(time.perf_counter() - began)
    print(json.dumps(taken))  # noqa: T201  (its result)


if __name__ == "__main__":
    main()
