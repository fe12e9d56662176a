"""LitServe with its own batching.

Tuned: as many workers as CPUs with one torch thread each; batches of four, so that eight clients fill two workers; a
short wait for a batch to fill; requests of different steps in a batch are drawn group by group, for a pipeline call has
one number of steps. LitServe answers POST only.
"""

import os
import signal
from collections import defaultdict
from typing import Any

import litserve
from fastapi.responses import Response

from bench.peers.pipeline import Wish, arguments, draw, load

BATCH = 4
WAIT_S = 0.02


class Drawing(litserve.LitAPI):  # type: ignore[misc]  # has no types
    """One pipeline in each worker."""

    def __init__(self, model: str) -> None:
        super().__init__(max_batch_size=BATCH, batch_timeout=WAIT_S, api_path="/imagine")
        self.model_folder = model

    def setup(self, device: str) -> None:
        self.pipeline = load(self.model_folder, threads=1)
        draw(self.pipeline, [Wish("warm up", 0, 2)])

    def decode_request(self, request: dict[str, Any]) -> Wish:
        return Wish(request["prompt"], int(request["seed"]), int(request["steps"]))

    def predict(self, wishes: list[Wish]) -> list[bytes]:
        groups: dict[int, list[Wish]] = defaultdict(list)
        for wish in wishes:
            groups[wish.steps].append(wish)
        drawn = {
            wish: data
            for group in groups.values()
            for wish, data in zip(group, draw(self.pipeline, group), strict=True)
        }
        return [drawn[wish] for wish in wishes]

    def encode_response(self, output: bytes) -> Response:
        return Response(output, media_type="image/png")


def main() -> None:
    given = arguments()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # LitServe ends its workers on KeyboardInterrupt
    server = litserve.LitServer(
        Drawing(given.model), accelerator="cpu", devices=1, workers_per_device=os.cpu_count() or 1, timeout=60
    )
    server.run(host="127.0.0.1", port=given.port, log_level="warning", generate_client_file=False)


if __name__ == "__main__":
    main()
