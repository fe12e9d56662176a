"""The shape of the public Ray Serve blueprint for Stable Diffusion: a FastAPI ingress, one pipeline call per request.

Tuned: as many replicas as CPUs with one torch thread each (the blueprint, too, runs two or more), warmed up before they
take requests, requests at two per replica so that none waits for Ray's next message, no access log, no dashboard.
"""

import os
import signal
import threading
from typing import Any

import ray
from fastapi import FastAPI
from fastapi.responses import Response
from ray import serve
from ray.serve.handle import DeploymentHandle

from bench.peers.pipeline import Wish, arguments, draw, load

app = FastAPI()


@serve.deployment(max_ongoing_requests=2, logging_config={"enable_access_log": False})
class StableDiffusion:
    """One pipeline; requests take turns."""

    def __init__(self, model: str) -> None:
        self.pipeline = load(model, threads=1)
        self.lock = threading.Lock()
        self.generate("warm up", 0, 2)

    def generate(self, prompt: str, seed: int, steps: int) -> bytes:
        with self.lock:
            return draw(self.pipeline, [Wish(prompt, seed, steps)])[0]


@serve.deployment(num_replicas=1, max_ongoing_requests=512, logging_config={"enable_access_log": False})
@serve.ingress(app)
class APIIngress:
    """GET /imagine."""

    def __init__(self, handle: "DeploymentHandle[Any]") -> None:
        self.handle = handle

    @app.get("/imagine")
    async def imagine(self, prompt: str, seed: int = 0, steps: int = 25) -> Response:
        data = await self.handle.generate.remote(prompt, seed, steps)
        return Response(data, media_type="image/png")


def main() -> None:
    given, stop = arguments(), threading.Event()
    cpus = os.cpu_count() or 1
    options = {"include_dashboard": False, "logging_level": "warning", "_node_ip_address": "127.0.0.1"}
    ray.init(num_cpus=2 * cpus, object_store_memory=100 << 20, **options)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        serve.start(http_options={"host": "127.0.0.1", "port": given.port})
        model = StableDiffusion.options(num_replicas=cpus)  # type: ignore[attr-defined]  # made so by the decorator
        serve.run(APIIngress.bind(model.bind(os.path.abspath(given.model))))  # type: ignore[attr-defined]
        stop.wait()
    finally:
        serve.shutdown()
        ray.shutdown()


if __name__ == "__main__":
    main()
