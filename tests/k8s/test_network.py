"""Who may reach what, by the rendered NetworkPolicies."""

from collections.abc import Callable
from typing import Any

import pytest
from manifests import Manifest, kinds, matches, pod_templates, port_names

Render = Callable[..., list[Manifest]]
NGINX = ("ingress-nginx", {"app.kubernetes.io/name": "ingress-nginx"})
OPERATOR = ("kuberay-system", {"app.kubernetes.io/name": "kuberay-operator"})
PROMETHEUS = ("monitoring", {"app.kubernetes.io/name": "prometheus"})
STRANGER = ("default", {"app.kubernetes.io/name": "imagine"})
REPLICA_PORT = 30000


def template(manifests: list[Manifest], component: str) -> Manifest:
    for found in pod_templates(manifests):
        labels = found["metadata"]["labels"]
        if component in (labels.get("app.kubernetes.io/component"), labels["app.kubernetes.io/name"]):
            return found
    raise AssertionError(component)


def ours(manifests: list[Manifest], component: str) -> tuple[str, dict[str, str]]:
    return ("imagine", template(manifests, component)["metadata"]["labels"])


def is_peer(peer: Manifest, namespace: str, labels: dict[str, str]) -> bool:
    if "namespaceSelector" in peer:
        here = matches(peer["namespaceSelector"], {"kubernetes.io/metadata.name": namespace})
    else:
        here = namespace == "imagine"
    return here and matches(peer.get("podSelector", {}), labels)


def is_port(rule: Manifest, target: Manifest, port: int) -> bool:
    numbers = {p["name"]: p["containerPort"] for c in target["spec"]["containers"] for p in c.get("ports", [])}
    return "ports" not in rule or port in {numbers.get(p["port"], p["port"]) for p in rule["ports"]}


def reaches(manifests: list[Manifest], source: tuple[str, dict[str, str]], component: str, port: int) -> bool:
    """Whether a pod (namespace, labels) may open a connection to one of ours."""
    target = template(manifests, component)
    policies = [p["spec"] for p in kinds(manifests, "NetworkPolicy")]
    policies = [p for p in policies if matches(p["podSelector"], target["metadata"]["labels"])]
    assert policies  # without one, everybody may
    rules: list[Any] = [rule for policy in policies for rule in policy.get("ingress", [])]
    return any(is_port(r, target, port) and any(is_peer(p, *source) for p in r["from"]) for r in rules)


@pytest.mark.parametrize("component", ["head", "ingress", "models", "redis"])
@pytest.mark.parametrize("port", [6379, 8000, 8265, 10001, REPLICA_PORT])
def test_a_stranger_reaches_nothing(rendered: list[Manifest], component: str, port: int) -> None:
    assert not reaches(rendered, STRANGER, component, port)


def test_a_pod_that_no_other_policy_knows_is_shut_too(rendered: list[Manifest]) -> None:
    (policy,) = [p["spec"] for p in kinds(rendered, "NetworkPolicy") if not p["spec"]["podSelector"]]
    assert policy["policyTypes"] == ["Ingress"] and not policy.get("ingress")


def test_ray_pods_reach_each_other_on_any_port(rendered: list[Manifest]) -> None:
    for source in ("head", "ingress", "models"):
        for target in ("head", "ingress", "models"):
            assert reaches(rendered, ours(rendered, source), target, 12345)


def test_the_ingress_controller_reaches_the_service_and_not_the_replicas_ports(rendered: list[Manifest]) -> None:
    """HAProxy mode opens 30000-31000 on all interfaces, past every limit of the proxy."""
    for component in ("ingress", "models"):
        assert reaches(rendered, NGINX, component, 8000)
        assert not reaches(rendered, NGINX, component, REPLICA_PORT)
    assert not reaches(rendered, NGINX, "head", 8000)


def test_the_dashboard_is_for_the_operator_alone(render: Render) -> None:
    """Its API runs any code it is sent."""
    for overlay in ("cpu", "inf2"):
        assert reaches(render(overlay), OPERATOR, "head", 8265)
        assert not reaches(render(overlay), NGINX, "head", 8265)


def test_the_dashboard_component_opens_it_to_the_ingress_controller(render: Render) -> None:
    manifests = render("cpu", "dashboard", "gateway")
    assert reaches(manifests, NGINX, "head", 8265)
    (ingress,) = [i for i in kinds(manifests, "Ingress") if i["metadata"]["name"] == "dashboard"]
    assert "nginx.ingress.kubernetes.io/whitelist-source-range" in ingress["metadata"]["annotations"]
    assert ingress["metadata"]["annotations"]["nginx.ingress.kubernetes.io/auth-type"] == "basic"


def test_the_gateway_reaches_the_service(render: Render) -> None:
    manifests = render("cpu", "dashboard", "gateway")
    assert reaches(manifests, ("gateway", {}), "models", 8000)
    assert not reaches(manifests, ("gateway", {}), "head", 8265)


def test_only_the_head_reaches_redis(rendered: list[Manifest]) -> None:
    assert reaches(rendered, ours(rendered, "head"), "redis", 6379)
    assert not reaches(rendered, ours(rendered, "models"), "redis", 6379)


def test_prometheus_reads_metrics_and_no_more(rendered: list[Manifest]) -> None:
    for component in ("head", "ingress", "models"):
        assert reaches(rendered, PROMETHEUS, component, 8080)
        assert not reaches(rendered, PROMETHEUS, component, 8000)


def test_ports_of_policies_are_ports_of_pods(rendered: list[Manifest]) -> None:
    for policy in kinds(rendered, "NetworkPolicy"):
        wanted = {p["port"] for rule in policy["spec"].get("ingress", []) for p in rule.get("ports", [])}
        for target in pod_templates(rendered):
            if wanted and matches(policy["spec"]["podSelector"], target["metadata"]["labels"]):
                assert wanted <= port_names(target), policy["metadata"]["name"]
