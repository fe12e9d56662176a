"""serveConfigV2 as Ray and as our own settings read it, and what its replicas find on the workers."""

from collections.abc import Callable
from typing import Any

import pytest
from manifests import OVERLAYS, Manifest, group, ray_service, serve_config
from pydantic import BaseModel
from ray.serve._private.api import call_user_app_builder_with_args_if_necessary as as_serve_does
from ray.serve.schema import (
    DeploymentSchema,
    HTTPOptionsSchema,
    RayActorOptionsSchema,
    ServeApplicationSchema,
    ServeDeploySchema,
)

from serve_app.app import _ingress_options, _replica_options, build
from serve_app.settings import Settings, load_settings

Render = Callable[..., list[Manifest]]


def unknown(config: Manifest, schema: type[BaseModel]) -> set[str]:
    return set(config) - set(schema.model_fields)


def settings_of(manifests: list[Manifest]) -> Settings:
    (application,) = serve_config(manifests)["applications"]
    return load_settings(**application["args"])


def replica_asks(manifests: list[Manifest]) -> dict[str, float]:
    """CPUs and custom resources that Ray sets aside for one model replica."""
    actor = _replica_options(settings_of(manifests))["ray_actor_options"]
    return {"CPU": actor["num_cpus"], **actor.get("resources", {})}


def worker_has(manifests: list[Manifest], name: str) -> dict[str, float]:
    """CPUs and custom resources that one worker of a group brings to Ray."""
    worker = group(manifests, name)
    (container,) = worker["template"]["spec"]["containers"]
    custom = {key: float(value) for key, value in worker["resources"].items()}
    return {"CPU": float(container["resources"]["limits"]["cpu"]), **custom}


def fits(asked: dict[str, float], offered: dict[str, float]) -> int:
    """How many of `asked` one worker holds."""
    return int(min(offered.get(name, 0) // amount for name, amount in asked.items()))


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_ray_accepts_it_and_knows_every_key(render: Render, overlay: str) -> None:
    """Ray ignores misspelt keys, so they are looked for here."""
    config = serve_config(render(overlay))
    ServeDeploySchema.model_validate(config)
    (application,) = config["applications"]
    (ingress,) = application["deployments"]
    assert not unknown(config, ServeDeploySchema) | unknown(config["http_options"], HTTPOptionsSchema)
    assert not unknown(application, ServeApplicationSchema) | unknown(ingress, DeploymentSchema)
    assert not unknown(ingress["ray_actor_options"], RayActorOptionsSchema)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_settings_accept_its_args(render: Render, overlay: str) -> None:
    assert settings_of(render(overlay)).threads > 0


def test_the_cpu_overlay_builds_its_application(render: Render) -> None:
    (application,) = serve_config(render("cpu"))["applications"]
    assert application["import_path"] == f"{build.__module__}:{build.__name__}"
    assert as_serve_does(build, application["args"]) is not None


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_ingress_keeps_what_build_asks_for(render: Render, overlay: str) -> None:
    """ray_actor_options of a config replace those of the code, the blanked NEURON_RT_VISIBLE_CORES with them."""
    (deployment,) = serve_config(render(overlay))["applications"][0]["deployments"]
    actor: dict[str, Any] = dict(deployment["ray_actor_options"])
    assert deployment["name"] == "Ingress"
    assert actor.pop("resources") == {"ingress": 1}
    assert actor == _ingress_options(settings_of(render(overlay)))["ray_actor_options"]


def test_ingress_replicas_fill_the_ingress_workers(rendered: list[Manifest]) -> None:
    (deployment,) = serve_config(rendered)["applications"][0]["deployments"]
    actor = deployment["ray_actor_options"]
    asked = {"CPU": actor["num_cpus"], **actor["resources"]}
    assert fits(asked, worker_has(rendered, "ingress")) == 1
    assert fits(asked, worker_has(rendered, "models")) == 0
    assert deployment["num_replicas"] == group(rendered, "ingress")["minReplicas"]


def test_no_model_lands_on_an_ingress_worker(rendered: list[Manifest]) -> None:
    assert fits(replica_asks(rendered), worker_has(rendered, "ingress")) == 0


def test_the_models_workers_hold_every_replica(rendered: list[Manifest]) -> None:
    settings, models = settings_of(rendered), group(rendered, "models")
    per_worker = fits(replica_asks(rendered), worker_has(rendered, "models"))
    assert per_worker * models["minReplicas"] >= settings.replicas
    assert per_worker * models["maxReplicas"] == settings.max_replicas


@pytest.mark.parametrize(("size", "replicas"), [("inf2-8xlarge", 1), ("inf2-24xlarge", 6), ("inf2-48xlarge", 12)])
def test_a_node_holds_one_replica_for_each_device(render: Render, size: str, replicas: int) -> None:
    manifests = render("inf2", size)
    limits = group(manifests, "models")["template"]["spec"]["containers"][0]["resources"]["limits"]
    assert int(limits["aws.amazon.com/neuron"]) == replicas
    assert worker_has(manifests, "models")["neuron_cores"] == 2 * replicas
    assert fits(replica_asks(manifests), worker_has(manifests, "models")) == replicas


def test_the_head_takes_no_replica_and_no_traffic(rendered: list[Manifest]) -> None:
    spec = ray_service(rendered)["spec"]
    assert spec["excludeHeadPodFromServeSvc"] is True
    assert spec["rayClusterConfig"]["headGroupSpec"]["rayStartParams"]["num-cpus"] == "0"


def test_the_cluster_runs_the_ray_that_is_locked(rendered: list[Manifest]) -> None:
    import ray

    assert ray_service(rendered)["spec"]["rayClusterConfig"]["rayVersion"] == ray.__version__
