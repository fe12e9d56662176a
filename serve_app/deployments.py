"""The two Ray Serve deployments: `Ingress` speaks HTTP, `ModelReplica` owns one engine."""

import asyncio
import logging
import os
import time
from collections.abc import AsyncGenerator, Sequence
from typing import Any

from ray import serve
from ray.exceptions import RayActorError, RayError, RayTaskError
from ray.serve.exceptions import BackPressureError, DeploymentUnavailableError
from ray.serve.handle import DeploymentHandle

from serve_app.core import Event, GenerateRequest, ModelInfo, Picture, ReplicaCounts
from serve_app.errors import NotReady, Overloaded, ReplicaLost, ServeError
from serve_app.logs import set_up_logging
from serve_app.registry import Registry, find_model
from serve_app.service import Service
from serve_app.settings import Settings

log = logging.getLogger(__name__)


class ModelReplica:
    """One model on one engine. Returns clients' errors: raised, each would be a traceback in Serve's log."""

    async def __init__(self, settings: Settings, info: ModelInfo) -> None:  # type: ignore[misc]  # Serve awaits it
        import torch

        from serve_app.backends import load_backend
        from serve_app.engine.engine import Engine
        from serve_app.metrics import EngineMetrics
        from serve_app.worker import Worker

        set_up_logging(settings.log_level)
        # Ray allows one thread per reserved CPU; ours leaves one CPU to the proxy and the event loops
        torch.set_num_threads(settings.threads or max(1, (os.cpu_count() or 1) - 1))
        began = time.perf_counter()
        backend = await asyncio.to_thread(load_backend, find_model(settings.model), settings)
        log.info("model loaded", extra={"model": info.name, "seconds": round(time.perf_counter() - began, 1)})
        engine = Engine(backend, settings.max_rows, settings.max_waiting, EngineMetrics(info.name))
        self._worker = Worker(engine)
        await self._worker.warm_up(info)

    async def generate(self, request: GenerateRequest) -> Sequence[Picture] | ServeError:
        try:
            return await self._worker.generate(request)
        except ServeError as error:
            return error

    async def stream(self, request: GenerateRequest) -> AsyncGenerator[Event | ServeError, None]:
        events = self._worker.stream(request)
        try:
            async for event in events:
                yield event
        except ServeError as error:
            yield error
        finally:
            await events.aclose()

    def check_health(self) -> None:
        """Called by Serve; a replica whose engine thread has ended is replaced."""
        if not self._worker.alive:
            raise RuntimeError("the engine's thread has ended")

    def __del__(self) -> None:
        if hasattr(self, "_worker"):
            self._worker.stop()


class RayReplicas:
    """The model replicas behind a Ray handle. Maps Ray's errors to ours. Implements `service.Replicas`."""

    def __init__(self, handle: "DeploymentHandle[Any]", app_name: str) -> None:
        from serve_app.metrics import ReplicaMetrics

        self._handle = handle
        self._app_name = app_name
        self._metrics = ReplicaMetrics()

    async def generate(self, request: GenerateRequest) -> Sequence[Picture]:
        """A request whose replica dies is tried once more: a picture depends on nothing but its request."""
        try:
            return await self._generate(request)
        except ReplicaLost:
            log.warning("replica lost, trying once more")
            return await self._generate(request)

    async def _generate(self, request: GenerateRequest) -> Sequence[Picture]:
        try:
            result: Sequence[Picture] | ServeError = await self._handle.generate.remote(request)
        except (RayError, BackPressureError, DeploymentUnavailableError) as error:
            raise _ours(error) from error
        if isinstance(result, ServeError):
            raise result
        return result

    async def stream(self, request: GenerateRequest) -> AsyncGenerator[Event, None]:
        response = self._handle.options(stream=True).stream.remote(request)
        try:
            async for event in response:
                if isinstance(event, ServeError):
                    raise event
                yield event
        except (RayError, BackPressureError, DeploymentUnavailableError) as error:
            raise _ours(error) from error
        finally:
            response.cancel()

    async def counts(self) -> ReplicaCounts:
        status = await asyncio.to_thread(serve.status)
        application = status.applications.get(self._app_name)
        deployment = application.deployments.get(ModelReplica.__name__) if application else None
        if deployment is None:
            return ReplicaCounts(0)
        states = deployment.replica_states
        starting = sum(states.get(name, 0) for name in ("STARTING", "RECOVERING", "UPDATING"))
        counts = ReplicaCounts(states.get("RUNNING", 0), starting, deployment.message)
        self._metrics.observe(counts)
        return counts


def _ours(error: Exception) -> ServeError:
    if isinstance(error, BackPressureError):
        return Overloaded("every replica is full; try again later")
    if isinstance(error, DeploymentUnavailableError):
        return NotReady("no replica could be started; the operators' log says why")
    if isinstance(error, RayActorError):
        return ReplicaLost("the replica that drew this picture has ended; another is being started")
    cause = error.cause if isinstance(error, RayTaskError) else error
    return ServeError(f"the replica failed: {type(cause).__name__}")


@serve.ingress()
class Ingress:
    """The HTTP application, in front of the model replicas."""

    def __init__(self, settings: Settings, models: Sequence[ModelInfo], handle: "DeploymentHandle[Any]") -> None:
        set_up_logging(settings.log_level)
        self._settings = settings
        app_name = serve.get_replica_context().app_name
        self._service = Service(Registry(models), RayReplicas(handle, app_name))

    def __serve_build_asgi_app__(self) -> Any:
        """Called by Serve after the constructor, in the replica."""
        from serve_app.api.app import HttpOptions, create_app
        from serve_app.metrics import RequestMetrics

        options = HttpOptions(
            request_timeout_s=self._settings.request_timeout_s,
            max_body_bytes=self._settings.max_body_bytes,
            cache_max_age_s=self._settings.cache_max_age_s,
            echo_request_id=False,
        )
        return create_app(self._service, options, RequestMetrics().observe)
