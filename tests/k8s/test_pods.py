"""What each pod may do, how it is asked whether it lives, and how it ends."""

import re
import tomllib
from collections.abc import Callable

import pytest
from manifests import OVERLAYS, ROOT, Manifest, containers, group, kinds, pod_templates, ray_service, serve_config

from serve_app.settings import load_settings

Render = Callable[..., list[Manifest]]
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
HAPROXY_DRAIN_S = 35
"""Ray lets no HTTP replica go sooner in HAProxy mode."""


def pre_stop(manifests: list[Manifest], name: str) -> tuple[int, int]:
    """Seconds that the preStop of a group may take to ask for the drain, and that it then gives Serve."""
    (container,) = group(manifests, name)["template"]["spec"]["containers"]
    script = container["lifecycle"]["preStop"]["exec"]["command"][-1]
    ask, deadline, wait = re.findall(r"^timeout (\d+) .* --deadline-remaining-seconds (\d+); sleep (\d+)$", script)[0]
    assert deadline == wait
    return int(ask), int(wait)


def test_every_pod_obeys_the_restricted_profile(rendered: list[Manifest]) -> None:
    for template in pod_templates(rendered):
        pod = template["spec"]["securityContext"]
        assert pod["runAsNonRoot"] is True and pod["seccompProfile"] == {"type": "RuntimeDefault"}
    autoscaler = ray_service(rendered)["spec"]["rayClusterConfig"]["autoscalerOptions"]
    for container in [*containers(rendered), autoscaler]:
        assert container["securityContext"]["allowPrivilegeEscalation"] is False
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}


def test_the_namespace_enforces_the_restricted_profile(rendered: list[Manifest]) -> None:
    (namespace,) = kinds(rendered, "Namespace")
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


def test_no_service_becomes_a_variable(rendered: list[Manifest]) -> None:
    """Services called imagine-… would become IMAGINE_… variables, and each of them stops the server's start."""
    assert [t["spec"].get("enableServiceLinks") for t in pod_templates(rendered)] == [False] * 4


def test_only_the_head_has_a_token_for_the_api_server(rendered: list[Manifest]) -> None:
    with_token = [t for t in pod_templates(rendered) if t["spec"]["automountServiceAccountToken"]]
    assert [t["metadata"]["labels"]["app.kubernetes.io/component"] for t in with_token] == ["head"]


def test_haproxy_mode_is_on_everywhere_or_nowhere(rendered: list[Manifest]) -> None:
    modes = [{e["name"]: e.get("value") for e in c["env"]} for c in containers(rendered) if c["name"] != "redis"]
    assert [mode["RAY_SERVE_ENABLE_HA_PROXY"] for mode in modes] == ["1"] * 3


def test_workers_are_ready_by_their_proxy_and_alive_by_their_raylet(rendered: list[Manifest]) -> None:
    for name in ("ingress", "models"):
        (container,) = group(rendered, name)["template"]["spec"]["containers"]
        assert container["readinessProbe"]["httpGet"] == {"path": "/-/healthz", "port": "serve"}
        assert container["livenessProbe"]["httpGet"]["path"] == "/api/healthz"
        assert "serve" in {port["name"] for port in container["ports"]}


def test_a_worker_lets_requests_end_before_it_goes(rendered: list[Manifest]) -> None:
    settings = load_settings(**serve_config(rendered)["applications"][0]["args"])
    for name in ("ingress", "models"):
        ask, drain = pre_stop(rendered, name)
        assert drain > max(settings.grace_s, HAPROXY_DRAIN_S)
        assert group(rendered, name)["template"]["spec"]["terminationGracePeriodSeconds"] > ask + drain


def test_a_spot_node_gives_time_to_drain(render: Render) -> None:
    assert group(render("inf2"), "models")["template"]["spec"]["terminationGracePeriodSeconds"] < 120


def test_ray_has_the_command_of_the_pre_stop(render: Render) -> None:
    """A hidden command of Ray's; only its options are read, no Ray is started."""
    from click.testing import CliRunner
    from ray.scripts.scripts import cli

    (container,) = group(render("cpu"), "models")["template"]["spec"]["containers"]
    options = re.findall(r"(--[a-z-]+) ", container["lifecycle"]["preStop"]["exec"]["command"][-1])
    told = CliRunner().invoke(cli, ["drain-node", "--help"]).output
    assert len(options) == 3 and all(option in told for option in options)
    assert "DRAIN_NODE_REASON_PREEMPTION" in told


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_proxies_wait_longer_than_a_request_may_take(render: Render, overlay: str) -> None:
    manifests = render(overlay)
    settings = load_settings(**serve_config(manifests)["applications"][0]["args"])
    for ingress in kinds(manifests, "Ingress"):
        timeout = ingress["metadata"]["annotations"]["nginx.ingress.kubernetes.io/proxy-read-timeout"]
        assert float(timeout) > settings.request_timeout_s


def test_images_have_the_projects_version_and_no_registry(rendered: list[Manifest]) -> None:
    images = {c["image"] for c in containers(rendered)}
    assert images == {f"imagine-server:{VERSION}", "redis:7.4"}


def test_requests_of_memory_are_limits(rendered: list[Manifest]) -> None:
    for container in containers(rendered):
        assert container["resources"]["requests"]["memory"] == container["resources"]["limits"]["memory"]


def test_scarce_nodes_are_never_asked_for_twice(render: Render) -> None:
    assert ray_service(render("cpu"))["spec"]["upgradeStrategy"] == {"type": "NewCluster"}
    assert ray_service(render("inf2"))["spec"]["upgradeStrategy"] == {"type": "None"}
