"""The Ray Serve application: `serve_app.app:build`, which a RayService imports."""

from pathlib import Path
from typing import Any

from ray import serve
from ray.serve import Application

from serve_app.core import NEURON_CORES
from serve_app.deployments import Ingress, ModelReplica
from serve_app.errors import SettingsError
from serve_app.manifest import is_artifact, read_manifest
from serve_app.registry import find_model, read_info
from serve_app.settings import Settings

INGRESS_REQUESTS = 512
"""Requests an ingress holds at once; the engines' own queues say 503 long before."""
ONE_LOOP = {"RAY_SERVE_RUN_USER_CODE_IN_SEPARATE_THREAD": "0", "RAY_SERVE_RUN_ROUTER_IN_SEPARATE_LOOP": "0"}
"""Our code runs in Ray's own event loops: it blocks none of them, and each change of thread costs a request time."""
NO_CORES = {"NEURON_RT_VISIBLE_CORES": ""}
"""For a process that was given none; it would take every core of its node."""


def build(settings: Settings) -> Application:
    """The application of one model. Reads the checkpoint's configs, loads no weights."""
    folder = find_model(settings.model)
    info = read_info(folder, settings)
    options = _replica_options(settings, neuron_cores(folder, settings))
    model = serve.deployment(ModelReplica, name=ModelReplica.__name__).options(**options)
    ingress = serve.deployment(Ingress, name="Ingress").options(**_ingress_options(settings))
    return ingress.bind(settings, [info], model.bind(settings, info))


def neuron_cores(folder: Path, settings: Settings) -> int:
    """NeuronCores of a replica: as set, else the two of a chip for an artifact that runs there."""
    if not is_artifact(folder) or read_manifest(folder).backend != "neuron":
        return settings.replica_neuron_cores
    if settings.replica_neuron_cores not in (0, NEURON_CORES):
        raise SettingsError(
            f"IMAGINE_REPLICA_NEURON_CORES (--replica-neuron-cores) = {settings.replica_neuron_cores}: {folder} was "
            f"compiled for the cores of one chip; allowed: {NEURON_CORES}, or leave it out"
        )
    return NEURON_CORES


def _replica_options(settings: Settings, cores: int) -> dict[str, Any]:
    in_engine = settings.max_rows + settings.max_waiting
    actor: dict[str, Any] = {"num_cpus": settings.replica_cpus, "num_gpus": settings.replica_gpus}
    actor["runtime_env"] = {"env_vars": ONE_LOOP if cores else ONE_LOOP | NO_CORES}
    if cores:
        actor["resources"] = {"neuron_cores": cores}
    return {
        "ray_actor_options": actor,
        # more than the engine takes: a full engine answers 503 itself and never waits for Ray's next job
        "max_ongoing_requests": 2 * in_engine,
        "max_queued_requests": in_engine,
        "health_check_period_s": 2,
        "health_check_timeout_s": 10,
        "max_constructor_retry_count": 3,
        "graceful_shutdown_timeout_s": settings.grace_s,
        "graceful_shutdown_wait_loop_s": 0.2,
        **_scale(settings),
    }


def _scale(settings: Settings) -> dict[str, Any]:
    if settings.max_replicas <= settings.replicas:
        return {"num_replicas": settings.replicas}
    return {
        "autoscaling_config": {
            "min_replicas": settings.replicas,
            "max_replicas": settings.max_replicas,
            "target_ongoing_requests": settings.max_rows / 2,  # the guided images that fill the rows
            "upscale_delay_s": 10,
            "downscale_delay_s": 600,
        }
    }


def _ingress_options(settings: Settings) -> dict[str, Any]:
    return {
        "num_replicas": 1,
        "ray_actor_options": {
            "num_cpus": settings.ingress_cpus,
            "runtime_env": {"env_vars": ONE_LOOP | NO_CORES},
        },
        "max_ongoing_requests": INGRESS_REQUESTS,
        "max_queued_requests": INGRESS_REQUESTS,
        "backpressure_config": {"status_code": 503, "retry_after_s": 2},
        "health_check_period_s": 2,
        "health_check_timeout_s": 10,
        "graceful_shutdown_timeout_s": settings.grace_s,
        "graceful_shutdown_wait_loop_s": 0.2,
        "logging_config": {"enable_access_log": False},  # our own line has more
    }
