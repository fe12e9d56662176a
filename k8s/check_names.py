"""Names, labels, selectors and ports that one object writes and another one has."""

from collections.abc import Iterator
from typing import Any

from k8s.manifests import Part, Problem, Rendered, matches, port_numbers

KUBERAY = {"imagine-serve-svc": {8000}, "imagine-head-svc": {6379, 8000, 8080, 8265, 10001}}
"""Services that KubeRay makes for a RayService called `imagine`, and their ports."""
NAMED = [
    # a field that names an object, and the object's kind
    ("serviceAccountName", "ServiceAccount"),
    ("priorityClassName", "PriorityClass"),
    ("claimName", "PersistentVolumeClaim"),
    ("volumeName", "PersistentVolume"),
]
CLUSTERWIDE = {"Namespace", "PriorityClass", "PersistentVolume"}


def budgets_guard_one_kind_of_pod(rendered: Rendered) -> Iterator[Problem]:
    """The owner of Ray's pods has no scale subresource: only whole numbers of minAvailable count."""
    for budget in rendered.kind("PodDisruptionBudget"):
        spec = budget.at("spec")
        if len(rendered.selected(spec.at("selector").value)) != 1:
            yield spec.at("selector").problem("selects the pods of no template, or of several")
        if not isinstance(spec.get("minAvailable"), int) or "maxUnavailable" in spec.value:
            yield spec.problem("only a whole number of minAvailable works for pods of a RayCluster")


def topology_spread_counts_its_own_pods(rendered: Rendered) -> Iterator[Problem]:
    for pod in rendered.pods():
        for constraint in pod.each("spec", "topologySpreadConstraints"):
            if rendered.selected(constraint.at("labelSelector").value) != [pod]:
                yield constraint.problem("its labelSelector does not select the pods it is on, or others too")


def services_lead_to_ports_of_pods(rendered: Rendered) -> Iterator[Problem]:
    for service in rendered.kind("Service"):
        selector = service.at("spec", "selector")
        pods = rendered.selected({"matchLabels": selector.value})
        if len(pods) != 1:
            yield selector.problem("selects the pods of no template, or of several")
            continue
        for port in service.each("spec", "ports"):
            if port.get("targetPort") not in port_numbers(pods[0]):
                yield port.problem(f"targetPort {port.get('targetPort')} is no port of the pods it selects")


def stateful_sets_are_whole(rendered: Rendered) -> Iterator[Problem]:
    for stateful in rendered.kind("StatefulSet"):
        spec = stateful.at("spec")
        if not matches(spec.at("selector").value, spec.at("template").labels):
            yield spec.at("selector").problem("does not match the labels of its own template")
        if spec.at("serviceName").value not in rendered.names("Service"):
            yield spec.problem(f"there is no Service {spec.at('serviceName').value}")


def the_head_finds_redis(rendered: Rendered) -> Iterator[Problem]:
    address = rendered.ray.at("gcsFaultToleranceOptions", "redisAddress")
    host, _, port = address.value.partition(":")
    ports = [p.get("port") for s in rendered.kind("Service") if s.name == host for p in s.each("spec", "ports")]
    if port not in map(str, ports):
        yield address.problem(f"no Service leads to {address.value}")


def routes_lead_to_the_service(rendered: Rendered) -> Iterator[Problem]:
    """And strip the prefix that the server does not know."""
    for ingress in rendered.kind("Ingress"):
        for rule in ingress.each("spec", "rules"):
            for path in rule.each("http", "paths"):
                yield from _leads(path.at("backend", "service"), path.get("backend", "service", "port", "number"))
        if ingress.get("metadata", "annotations", "nginx.ingress.kubernetes.io/rewrite-target") != "/$2":
            yield ingress.at("metadata").problem("keeps its prefix: the server would answer 404")


def gateway_routes_lead_to_the_service(rendered: Rendered) -> Iterator[Problem]:
    """The same of the Gateway API."""
    for route in rendered.kind("HTTPRoute"):
        for rule in route.each("spec", "rules"):
            for backend in rule.each("backendRefs"):
                yield from _leads(backend, backend.get("port"))
            if rule.get("filters", 0, "urlRewrite", "path", "replacePrefixMatch") != "/":
                yield rule.problem("keeps its prefix: the server would answer 404")


def _leads(backend: Part, port: Any) -> Iterator[Problem]:
    if port not in KUBERAY.get(backend.get("name", default=""), set()):
        yield backend.problem(f"KubeRay makes no Service {backend.get('name')} with port {port}")


def every_named_object_is_there(rendered: Rendered) -> Iterator[Problem]:
    for field, kind in NAMED:
        there = rendered.names(kind)
        for part in rendered.objects:
            yield from (f.problem(f"there is no {kind} {f.value}") for f in fields(part, field) if f.value not in there)


def fields(part: Part, name: str) -> Iterator[Part]:
    """Every text under a key of that name, however deep."""
    value = part.value
    keys: list[Any] = (
        list(value) if isinstance(value, dict) else list(range(len(value))) if isinstance(value, list) else []
    )
    for key in keys:
        if key == name and isinstance(value[key], str):
            yield part.at(key)
        else:
            yield from fields(part.at(key), name)


def volumes_wait_for_their_claims(rendered: Rendered) -> Iterator[Problem]:
    claims = [
        {key: claim.get("metadata", key) for key in ("namespace", "name")}
        for claim in rendered.kind("PersistentVolumeClaim")
    ]
    for volume in rendered.kind("PersistentVolume"):
        if volume.at("spec", "claimRef").value not in claims:
            yield volume.at("spec", "claimRef").problem("is no claim of ours")


def every_mount_has_its_volume(rendered: Rendered) -> Iterator[Problem]:
    claimed = {v.name for s in rendered.kind("StatefulSet") for v in s.each("spec", "volumeClaimTemplates")}
    for pod in rendered.pods():
        volumes = claimed | {volume.get("name") for volume in pod.each("spec", "volumes")}
        for container in pod.each("spec", "containers"):
            for mount in container.each("volumeMounts"):
                if mount.get("name") not in volumes:
                    yield mount.problem(f"the pod has no volume {mount.get('name')}")


def everything_is_in_one_namespace(rendered: Rendered) -> Iterator[Problem]:
    names = rendered.names("Namespace")
    for part in rendered.objects:
        if part.get("kind") not in CLUSTERWIDE and part.get("metadata", "namespace") not in names:
            yield part.problem(f"is in namespace {part.get('metadata', 'namespace')}, which is not made here")


ALL = [
    budgets_guard_one_kind_of_pod,
    topology_spread_counts_its_own_pods,
    services_lead_to_ports_of_pods,
    stateful_sets_are_whole,
    the_head_finds_redis,
    routes_lead_to_the_service,
    gateway_routes_lead_to_the_service,
    every_named_object_is_there,
    volumes_wait_for_their_claims,
    every_mount_has_its_volume,
    everything_is_in_one_namespace,
]
