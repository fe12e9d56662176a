"""Names, labels, selectors and ports that one object writes and another one has."""

import re
from collections.abc import Callable, Iterator

from manifests import ROOT, Manifest, containers, kinds, matches, pod_templates, port_names, ray_service

Render = Callable[..., list[Manifest]]
KUBERAY = {"imagine-serve-svc": {8000}, "imagine-head-svc": {6379, 8000, 8080, 8265, 10001}}
"""Services that KubeRay makes for a RayService called `imagine`, and their ports."""
DEPLOY = (ROOT / "docs" / "deploy.md").read_text()


def selected(manifests: list[Manifest], selector: Manifest) -> list[Manifest]:
    return [t for t in pod_templates(manifests) if matches(selector, t["metadata"]["labels"])]


def values(node: object, key: str) -> Iterator[str]:
    """Every value under `key`, however deep."""
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for child_key, child in items:
        if child_key == key and isinstance(child, str):
            yield child
        else:
            yield from values(child, key)


def names(manifests: list[Manifest], kind: str) -> set[str]:
    return {m["metadata"]["name"] for m in kinds(manifests, kind)}


def test_budgets_guard_pods_that_exist_in_the_one_way_kubernetes_allows(rendered: list[Manifest]) -> None:
    """The owner of Ray's pods has no scale subresource: only whole numbers of minAvailable count."""
    for budget in kinds(rendered, "PodDisruptionBudget"):
        assert len(selected(rendered, budget["spec"]["selector"])) == 1
        assert isinstance(budget["spec"]["minAvailable"], int)
        assert set(budget["spec"]) == {"selector", "minAvailable"}


def test_topology_spread_counts_the_pods_it_is_on(rendered: list[Manifest]) -> None:
    spread = [t for t in pod_templates(rendered) if "topologySpreadConstraints" in t["spec"]]
    assert len(spread) == 2
    for template in spread:
        for constraint in template["spec"]["topologySpreadConstraints"]:
            assert selected(rendered, constraint["labelSelector"]) == [template]


def test_services_lead_to_ports_of_pods(rendered: list[Manifest]) -> None:
    for service in kinds(rendered, "Service"):
        (template,) = selected(rendered, {"matchLabels": service["spec"]["selector"]})
        assert {port["targetPort"] for port in service["spec"]["ports"]} <= port_names(template)


def test_the_stateful_set_selects_its_own_pods_and_names_its_service(rendered: list[Manifest]) -> None:
    (redis,) = kinds(rendered, "StatefulSet")
    assert matches(redis["spec"]["selector"], redis["spec"]["template"]["metadata"]["labels"])
    assert redis["spec"]["serviceName"] in names(rendered, "Service")


def test_the_head_finds_redis(rendered: list[Manifest]) -> None:
    cluster = ray_service(rendered)["spec"]["rayClusterConfig"]
    host, port = cluster["gcsFaultToleranceOptions"]["redisAddress"].split(":")
    (service,) = [s for s in kinds(rendered, "Service") if s["metadata"]["name"] == host]
    assert int(port) in {p["port"] for p in service["spec"]["ports"]}


def test_ingresses_lead_to_services_of_kuberay(rendered: list[Manifest]) -> None:
    rules = [rule for ingress in kinds(rendered, "Ingress") for rule in ingress["spec"]["rules"]]
    backends = [path["backend"]["service"] for rule in rules for path in rule["http"]["paths"]]
    assert backends
    assert all(backend["port"]["number"] in KUBERAY[backend["name"]] for backend in backends)


def test_the_route_strips_its_prefix_and_leads_to_the_service(render: Render) -> None:
    (route,) = kinds(render("cpu", "dashboard", "gateway"), "HTTPRoute")
    (rule,) = route["spec"]["rules"]
    (backend,) = rule["backendRefs"]
    assert rule["matches"] == [{"path": {"type": "PathPrefix", "value": "/serve"}}]
    assert rule["filters"][0]["urlRewrite"]["path"] == {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/"}
    assert backend["port"] in KUBERAY[backend["name"]]


def test_paths_of_the_seed_lose_their_prefix(render: Render) -> None:
    ingresses = kinds(render("cpu", "dashboard", "gateway"), "Ingress")
    paths = {i["spec"]["rules"][0]["http"]["paths"][0]["path"]: i["metadata"]["annotations"] for i in ingresses}
    assert set(paths) == {"/serve(/|$)(.*)", "/dashboard(/|$)(.*)"}
    assert {a["nginx.ingress.kubernetes.io/rewrite-target"] for a in paths.values()} == {"/$2"}
    assert re.sub(r"^/serve(/|$)(.*)", r"/\2", "/serve/imagine") == "/imagine"


def test_every_named_object_is_rendered(rendered: list[Manifest]) -> None:
    assert set(values(rendered, "serviceAccountName")) == names(rendered, "ServiceAccount")
    assert set(values(rendered, "priorityClassName")) == names(rendered, "PriorityClass")
    assert set(values(rendered, "claimName")) == names(rendered, "PersistentVolumeClaim")
    assert set(values(rendered, "volumeName")) == names(rendered, "PersistentVolume")


def test_a_volume_waits_for_the_claim_of_our_namespace(render: Render) -> None:
    (volume,) = kinds(render("inf2"), "PersistentVolume")
    (claim,) = kinds(render("inf2"), "PersistentVolumeClaim")
    assert volume["spec"]["claimRef"] == {key: claim["metadata"][key] for key in ("namespace", "name")}


def test_every_mount_has_its_volume(rendered: list[Manifest]) -> None:
    claimed = {v["metadata"]["name"] for s in kinds(rendered, "StatefulSet") for v in s["spec"]["volumeClaimTemplates"]}
    for template in pod_templates(rendered):
        volumes = claimed | {v["name"] for v in template["spec"].get("volumes", [])}
        assert {m["name"] for c in template["spec"]["containers"] for m in c.get("volumeMounts", [])} <= volumes


def test_every_secret_is_made_in_the_docs(render: Render) -> None:
    manifests = render("cpu", "dashboard", "gateway")
    keys = [node for c in containers(manifests) for e in c.get("env", []) if (node := e.get("valueFrom"))]
    cluster = ray_service(manifests)["spec"]["rayClusterConfig"]
    keys.append(cluster["gcsFaultToleranceOptions"]["redisPassword"]["valueFrom"])
    for key in keys:
        command = rf"create secret generic {key['secretKeyRef']['name']} .*--from-literal={key['secretKeyRef']['key']}="
        assert re.search(command, DEPLOY)
    for name in values(manifests, "nginx.ingress.kubernetes.io/auth-secret"):
        assert f"create secret generic {name} " in DEPLOY


def test_everything_lives_in_one_namespace(rendered: list[Manifest]) -> None:
    (namespace,) = names(rendered, "Namespace")
    clusterwide = {"Namespace", "PriorityClass", "PersistentVolume"}
    assert {m["metadata"].get("namespace") for m in rendered if m["kind"] not in clusterwide} == {namespace}
