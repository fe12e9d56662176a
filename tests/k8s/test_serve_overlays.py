"""What the checks say of the application is what the application says of itself."""

import re
from collections.abc import Callable

import pytest
from ray.serve._private.api import call_user_app_builder_with_args_if_necessary as as_serve_does

from k8s.check_replicas import fits, offered, replica_asks
from k8s.check_serve import BUILD, ingress, settings
from k8s.manifests import Rendered
from serve_app.app import _ingress_options, _replica_options, build

Render = Callable[..., Rendered]


def test_the_cpu_overlay_builds_its_application(rendered: Render) -> None:
    args = rendered("cpu").serve.at("applications", 0, "args").value
    assert f"{build.__module__}:{build.__name__}" == BUILD
    assert as_serve_does(build, args) is not None


@pytest.mark.parametrize("overlay", ["cpu", "inf2"])
def test_a_replica_asks_for_what_build_gives_it(rendered: Render, overlay: str) -> None:
    chosen = settings(rendered(overlay))
    actor = _replica_options(chosen, chosen.replica_neuron_cores)["ray_actor_options"]
    assert replica_asks(chosen) == {"CPU": actor["num_cpus"], **actor.get("resources", {})}


@pytest.mark.parametrize("overlay", ["cpu", "inf2"])
def test_the_ingress_says_all_that_build_says(rendered: Render, overlay: str) -> None:
    """ray_actor_options of a config replace those of the code."""
    actor = dict(ingress(rendered(overlay)).at("ray_actor_options").value)
    assert actor.pop("resources") == {"ingress": 1}
    assert actor == _ingress_options(settings(rendered(overlay)))["ray_actor_options"]


@pytest.mark.parametrize(("size", "replicas"), [("inf2.8xlarge", 1), ("inf2.24xlarge", 6), ("inf2.48xlarge", 12)])
def test_a_node_holds_one_replica_for_each_device(rendered: Render, size: str, replicas: int) -> None:
    overlay = rendered("inf2", size)
    there = offered(overlay.group("models"))
    assert there["neuron_cores"] == 2 * replicas and fits(replica_asks(settings(overlay)), there) == replicas


def test_ray_has_the_command_of_the_pre_stop(rendered: Render) -> None:
    """A hidden command of Ray's; only its options are read, no Ray is started."""
    from click.testing import CliRunner
    from ray.scripts.scripts import cli

    container = rendered("cpu").group("models").at("template", "spec", "containers", 0)
    options = re.findall(r"(--[a-z-]+) ", container.at("lifecycle", "preStop", "exec", "command", -1).value)
    told = CliRunner().invoke(cli, ["drain-node", "--help"]).output
    assert len(options) == 3 and all(option in told for option in options)
    assert "DRAIN_NODE_REASON_PREEMPTION" in told
