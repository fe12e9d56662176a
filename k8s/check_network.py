"""Who may reach what, by the rendered NetworkPolicies."""

from collections.abc import Iterator
from typing import Any, TypeAlias

from k8s.manifests import Absent, Part, Problem, Rendered, matches, port_numbers

Pod: TypeAlias = tuple[str, dict[str, str]]
"""Namespace and labels of who opens a connection."""
NAME, COMPONENT, NAMESPACE = "app.kubernetes.io/name", "app.kubernetes.io/component", "kubernetes.io/metadata.name"
NGINX: Pod = ("ingress-nginx", {NAME: "ingress-nginx"})
OPERATOR: Pod = ("kuberay-system", {NAME: "kuberay-operator"})
PROMETHEUS: Pod = ("monitoring", {NAME: "prometheus"})
GATEWAY: Pod = ("gateway", {})
DOORS: list[tuple[Pod, str]] = [(NGINX, "the ingress controller"), (GATEWAY, "the Gateway")]
STRANGER: Pod = ("default", {NAME: "imagine"})
WORKERS = ("ingress", "models")
RAY = ("head", *WORKERS)
HTTP, METRICS, DASHBOARD, REPLICA = 8000, 8080, 8265, 30000
"""HAProxy mode opens 30000-31000 on all interfaces, past every limit of the proxy."""


def a_stranger_reaches_nothing(rendered: Rendered) -> Iterator[Problem]:
    for component in (*RAY, "redis"):
        for port in (6379, HTTP, METRICS, DASHBOARD, 10001, REPLICA):
            if reaches(rendered, STRANGER, component, port):
                yield template(rendered, component).problem(f"any pod of the cluster reaches its port {port}")


def what_no_policy_names_is_shut(rendered: Rendered) -> Iterator[Problem]:
    """A pod that no other policy selects has this one."""
    every = [p for p in rendered.kind("NetworkPolicy") if not p.get("spec", "podSelector")]
    if not any(p.get("spec", "policyTypes") == ["Ingress"] and not p.get("spec", "ingress") for p in every):
        yield rendered.service.problem("no NetworkPolicy shuts every pod of the namespace")


def ray_reaches_ray(rendered: Rendered) -> Iterator[Problem]:
    for source in RAY:
        for target in RAY:
            if not reaches(rendered, ours(rendered, source), target, 12345):
                yield template(rendered, target).problem(f"{source} pods do not reach it on every port")


def what_must_be_reached_is(rendered: Rendered) -> Iterator[Problem]:
    wanted = [(PROMETHEUS, component, METRICS, "Prometheus") for component in RAY]
    wanted += [(OPERATOR, "head", DASHBOARD, "KubeRay's operator"), (ours(rendered, "head"), "redis", 6379, "the head")]
    wanted += [(door, component, HTTP, name) for door, name in doors(rendered) for component in WORKERS]
    wanted += [(NGINX, "head", DASHBOARD, "the ingress controller")] if open_dashboard(rendered) else []
    for source, component, port, name in wanted:
        if not reaches(rendered, source, component, port):
            yield template(rendered, component).problem(f"{name} does not reach its port {port}")


def what_must_not_be_reached_is_not(rendered: Rendered) -> Iterator[Problem]:
    """The dashboard's API runs any code it is sent; an Ingress of its own says that this is wanted."""
    denied = [(door, component, REPLICA, name) for door, name in DOORS for component in WORKERS]
    denied += [(door, "head", HTTP, name) for door, name in DOORS]
    denied += [(GATEWAY, "head", DASHBOARD, "the Gateway")]
    denied += [] if open_dashboard(rendered) else [(NGINX, "head", DASHBOARD, "the ingress controller")]
    denied += [(PROMETHEUS, component, HTTP, "Prometheus") for component in RAY]
    denied += [(ours(rendered, component), "redis", 6379, f"{component} pods") for component in WORKERS]
    for source, component, port, name in denied:
        if reaches(rendered, source, component, port):
            yield template(rendered, component).problem(f"{name} may reach its port {port}")


def doors(rendered: Rendered) -> list[tuple[Pod, str]]:
    """By what the world comes in, as far as the overlay has a way for it."""
    kinds = {"the ingress controller": "Ingress", "the Gateway": "HTTPRoute"}
    return [(pod, name) for pod, name in DOORS if "imagine" in rendered.names(kinds[name])]


def open_dashboard(rendered: Rendered) -> bool:
    return "dashboard" in rendered.names("Ingress")


def an_open_dashboard_asks_who_it_is(rendered: Rendered) -> Iterator[Problem]:
    for ingress in rendered.kind("Ingress"):
        if ingress.name == "dashboard":
            for note in ("whitelist-source-range", "auth-type", "auth-secret"):
                ingress.at("metadata", "annotations", f"nginx.ingress.kubernetes.io/{note}")
    yield from ()


def ports_of_policies_are_ports_of_pods(rendered: Rendered) -> Iterator[Problem]:
    for policy in rendered.kind("NetworkPolicy"):
        for pod in rendered.selected(policy.at("spec", "podSelector").value):
            for rule in policy.each("spec", "ingress"):
                for port in rule.each("ports"):
                    if port.get("port") not in port_numbers(pod):
                        yield port.problem(f"the pods it selects have no port {port.get('port')}")


def template(rendered: Rendered, component: str) -> Part:
    """The pod template of a component, or of the name."""
    for pod in rendered.pods():
        if component in (pod.labels.get(COMPONENT), pod.labels.get(NAME)):
            return pod
    raise Absent(rendered.service.problem(f"there are no pods of {component}"))


def ours(rendered: Rendered, component: str) -> Pod:
    return ("imagine", template(rendered, component).labels)


def reaches(rendered: Rendered, source: Pod, component: str, port: int) -> bool:
    """Whether a pod may open a connection to one of ours."""
    target = template(rendered, component)
    policies = [p for p in rendered.kind("NetworkPolicy") if matches(p.get("spec", "podSelector"), target.labels)]
    if not policies:
        return True
    rules = [rule.value for policy in policies for rule in policy.each("spec", "ingress")]
    return any(_is_port(rule, target, port) and _is_peer(rule, source) for rule in rules)


def _is_port(rule: Any, target: Part, port: int) -> bool:
    numbers = port_numbers(target)
    return "ports" not in rule or port in {numbers.get(p["port"], p["port"]) for p in rule["ports"]}


def _is_peer(rule: Any, source: Pod) -> bool:
    namespace, labels = source
    for peer in rule.get("from", [{"namespaceSelector": {}}]):
        here = (
            matches(peer["namespaceSelector"], {NAMESPACE: namespace})
            if "namespaceSelector" in peer
            else namespace == "imagine"
        )
        if here and matches(peer.get("podSelector", {}), labels):
            return True
    return False


ALL = [
    a_stranger_reaches_nothing,
    what_no_policy_names_is_shut,
    ray_reaches_ray,
    what_must_be_reached_is,
    what_must_not_be_reached_is_not,
    an_open_dashboard_asks_who_it_is,
    ports_of_policies_are_ports_of_pods,
]
