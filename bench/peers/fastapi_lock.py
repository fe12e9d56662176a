"""FastAPI and one diffusers pipeline behind a lock: what most people write first.

Tuned: all CPUs but one as torch threads (with all of them it was slower beside its clients), the pipeline call in a
thread so that the event loop stays free, a warm-up call before the port opens, no access log.
"""

import os
import threading

import uvicorn
from fastapi import FastAPI
from fastapi.responses import Response

from bench.peers.pipeline import Wish, arguments, draw, load


def main() -> None:
    given = arguments()
    pipeline, lock, app = load(given.model, max(1, (os.cpu_count() or 1) - 1)), threading.Lock(), FastAPI()
    draw(pipeline, [Wish("warm up", 0, 2)])

    @app.get("/imagine")
    def imagine(prompt: str, seed: int = 0, steps: int = 25) -> Response:
        with lock:
            (data,) = draw(pipeline, [Wish(prompt, seed, steps)])
        return Response(data, media_type="image/png")

    uvicorn.run(app, host="127.0.0.1", port=given.port, log_level="warning")


if __name__ == "__main__":
    main()
