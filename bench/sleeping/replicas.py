"""Two stand-ins for `ModelReplica`: the real engine on a sleeping backend, and one without torch, to have many."""

import asyncio
import random
from collections.abc import Sequence

from serve_app.core import GenerateRequest, ModelInfo, Picture
from serve_app.deployments import ModelReplica
from serve_app.errors import ServeError
from serve_app.settings import Settings

PICTURE_BYTES = 1_500_000
"""About a 1024 x 1024 PNG."""


class EngineReplica(ModelReplica):
    """The real worker, engine thread and scheduler."""

    async def __init__(self, settings: Settings, info: ModelInfo, step_ms: float) -> None:  # type: ignore[misc]
        import torch

        from bench.sleeping.backend import SleepingBackend
        from serve_app.engine.engine import Engine
        from serve_app.metrics import EngineMetrics
        from serve_app.worker import Worker

        torch.set_num_threads(1)
        engine = Engine(SleepingBackend(step_ms), settings.max_rows, settings.max_waiting, EngineMetrics(info.name))
        self._worker = Worker(engine)


class LightReplica:
    """One picture after another, each a sleep of its steps; 100 MB a process instead of 400."""

    def __init__(self, settings: Settings, info: ModelInfo, step_ms: float) -> None:
        self._step_s = step_ms / 1000
        self._turn = asyncio.Lock()
        self._data = random.Random(0).randbytes(PICTURE_BYTES)

    async def generate(self, request: GenerateRequest) -> Sequence[Picture] | ServeError:
        async with self._turn:
            await asyncio.sleep(request.steps * self._step_s)
        return [Picture(self._data, request.seed, {})]
