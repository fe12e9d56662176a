"""Each check finds an error of its kind, at its place; and nothing in what the repository has."""

from collections.abc import Callable
from typing import Any

import pytest
from planted import GONE, MODELS, SERVE, plant

from k8s import (
    check_karpenter,
    check_names,
    check_network,
    check_pods,
    check_replicas,
    check_serve,
    check_sizes,
    check_times,
)
from k8s.check import OF_AN_OVERLAY, Check, problems
from k8s.manifests import Manifest, Rendered
from k8s.render import KARPENTER

RAY, REDIS, PDB = "RayService imagine", "StatefulSet redis", "PodDisruptionBudget models"
POD = f"{MODELS}/template/spec"
BOX = f"{POD}/containers/0"
HEAD = "/spec/rayClusterConfig/headGroupSpec"
APP = f"{SERVE}/applications/0"
NETWORK, INF2, CLASS = "NetworkPolicy ray", "NodePool imagine-inf2", "EC2NodeClass imagine-inf2"
NEURON = "aws.amazon.com~1neuron"
OPEN: Any = [{"from": [{"namespaceSelector": {}}]}]

# overlay, object, pointer, value, part of the reason
NAMES = [
    ("cpu", PDB, "/spec/selector/matchLabels/app.kubernetes.io~1component", "modles", "no template"),
    ("cpu", PDB, "/spec/minAvailable", "50%", "whole number"),
    ("cpu", PDB, "/spec/maxUnavailable", 1, "whole number"),
    (
        "cpu",
        RAY,
        f"{POD}/topologySpreadConstraints/0/labelSelector",
        {"matchLabels": {"a": "b"}},
        "not select the pods",
    ),
    ("cpu", "Service redis", "/spec/selector/app.kubernetes.io~1name", "redsi", "no template"),
    ("cpu", "Service redis", "/spec/ports/0/targetPort", "reddis", "no port of the pods"),
    ("cpu", REDIS, "/spec/selector/matchLabels/app.kubernetes.io~1name", "redsi", "its own template"),
    ("cpu", REDIS, "/spec/serviceName", "rediss", "no Service rediss"),
    ("cpu", RAY, "/spec/rayClusterConfig/gcsFaultToleranceOptions/redisAddress", "redis:6380", "redis:6380"),
    ("cpu", "Ingress imagine", "/spec/rules/0/http/paths/0/backend/service/port/number", 8001, "port 8001"),
    ("cpu", "Ingress imagine", "/metadata/annotations/nginx.ingress.kubernetes.io~1rewrite-target", "/", "prefix"),
    ("cpu+", "HTTPRoute imagine", "/spec/rules/0/backendRefs/0/name", "imagine-svc", "imagine-svc"),
    ("cpu+", "HTTPRoute imagine", "/spec/rules/0/filters", [], "prefix"),
    ("cpu", RAY, f"{POD}/serviceAccountName", "imagin", "no ServiceAccount imagin"),
    ("cpu", RAY, f"{POD}/priorityClassName", "serving", "no PriorityClass serving"),
    ("inf2", RAY, f"{POD}/volumes/0/persistentVolumeClaim/claimName", "model", "no PersistentVolumeClaim model"),
    ("inf2", "PersistentVolumeClaim models", "/spec/volumeName", "models", "no PersistentVolume models"),
    ("inf2", "PersistentVolume imagine-models", "/spec/claimRef/namespace", "default", "no claim of ours"),
    ("inf2", RAY, f"{BOX}/volumeMounts/0/name", "model", "no volume model"),
    ("cpu", PDB, "/metadata/namespace", "default", "namespace default"),
]
PODS = [
    ("cpu", REDIS, "/spec/template/spec/containers/0/resources/limits/memory", "512MiB", "no quantity"),
    ("cpu", RAY, f"{POD}/securityContext/runAsNonRoot", GONE, "restricted"),
    ("cpu", RAY, f"{BOX}/securityContext/capabilities/drop", [], "restricted"),
    ("cpu", RAY, "/spec/rayClusterConfig/autoscalerOptions/securityContext", {}, "restricted"),
    ("cpu", "Namespace imagine", "/metadata/labels/pod-security.kubernetes.io~1enforce", "baseline", "restricted"),
    ("cpu", RAY, f"{POD}/enableServiceLinks", GONE, "enableServiceLinks"),
    ("cpu", RAY, f"{POD}/automountServiceAccountToken", True, "must be false"),
    ("cpu", RAY, f"{HEAD}/template/spec/automountServiceAccountToken", False, "must be true"),
    ("cpu", RAY, f"{BOX}/env/0/value", "0", "RAY_SERVE_ENABLE_HA_PROXY is 0 here"),
    ("cpu", RAY, f"{BOX}/readinessProbe/httpGet/port", 8000, "/-/healthz"),
    ("cpu", RAY, f"{BOX}/livenessProbe/httpGet/path", "/healthz", "raylet"),
    ("cpu", RAY, f"{BOX}/ports/0/name", "http", "no port serve"),
    ("cpu", RAY, f"{BOX}/resources/requests/memory", "1Gi", "may run out"),
    ("cpu", RAY, f"{BOX}/image", "reg.example/imagine-server:0.0.9", "reg.example/imagine-server:0.0.9"),
]
NETWORKS = [
    ("cpu", NETWORK, "/spec/ingress", OPEN, "any pod of the cluster reaches its port 30000"),
    ("cpu", "NetworkPolicy default-deny", "/spec/policyTypes", GONE, "shuts every pod"),
    ("cpu", NETWORK, "/spec/ingress/0/ports", [{"port": "serve"}], "do not reach it on every port"),
    ("cpu", "NetworkPolicy metrics", "/spec/ingress", [], "Prometheus does not reach its port 8080"),
    ("cpu", "NetworkPolicy operator", "/spec/ingress", [], "operator does not reach its port 8265"),
    ("cpu", "NetworkPolicy ingress", "/spec/ingress", [], "ingress controller does not reach its port 8000"),
    ("cpu+", "NetworkPolicy gateway", "/spec/ingress", [], "the Gateway does not reach its port 8000"),
    ("cpu+", "NetworkPolicy dashboard", "/spec/ingress", [], "ingress controller does not reach its port 8265"),
    ("cpu+", "NetworkPolicy gateway", "/spec/podSelector", {}, "the Gateway may reach its port 8000"),
    ("cpu+", "NetworkPolicy dashboard", "/spec/ingress/0/from", [{"namespaceSelector": {}}], "the Gateway may reach"),
    ("cpu", "NetworkPolicy redis", "/spec/ingress", [], "the head does not reach its port 6379"),
    ("cpu", "NetworkPolicy ingress", "/spec/ingress/0/ports", GONE, "may reach its port 30000"),
    ("cpu", "NetworkPolicy redis", "/spec/ingress/0/from/0/podSelector/matchLabels", {}, "models pods may reach"),
    ("cpu", "NetworkPolicy ingress", "/spec/podSelector", {}, "ingress controller may reach its port 8000"),
    ("cpu", "NetworkPolicy metrics", "/spec/ingress/0/ports", [{"port": 8000}], "Prometheus may reach its port 8000"),
    ("cpu+", "Ingress dashboard", "/metadata/annotations/nginx.ingress.kubernetes.io~1auth-type", GONE, "auth-type"),
    ("cpu", "NetworkPolicy metrics", "/spec/ingress/0/ports/0/port", "metric", "no port metric"),
]
SIZES = [
    ("inf2", RAY, f"{MODELS}/resources/neuron_cores", "1", "neuron_cores is 1, with 1 devices it must be 2"),
    ("inf2", RAY, f"{MODELS}/resources", {}, "neuron_cores is 0"),
    ("inf2", RAY, f"{BOX}/resources/requests/cpu", "32", "inf2.8xlarge has 30850m for it"),
    ("inf2", RAY, f"{BOX}/resources/requests/memory", "116Gi", "memory 118784Mi"),
    ("inf2", RAY, f"{BOX}/resources/requests/{NEURON}", "2", "inf2.8xlarge has 1"),
    ("inf2", RAY, f"{POD}/nodeSelector/node.kubernetes.io~1instance-type", "inf2.xlarge", "knows no inf2.xlarge"),
    ("cpu", RAY, f"{BOX}/resources/requests", {"cpu": "3", "memory": "6Gi"}, "two such pods"),
    ("inf2", RAY, f"{BOX}/resources/requests/{NEURON}", "0", "would be idle"),
    ("inf2", RAY, f"{POD}/tolerations", GONE, "tolerates no taint"),
    ("inf2", RAY, f"{POD}/terminationGracePeriodSeconds", 130, "spot node"),
    ("inf2", RAY, f"{MODELS}/template/metadata/annotations", GONE, "do-not-disrupt"),
    ("inf2", RAY, "/spec/upgradeStrategy/type", "NewCluster", "as many inf2 nodes again"),
]
SERVES = [
    ("cpu", RAY, f"{SERVE}/http_options/port", "many", "Ray refuses it"),
    ("cpu", RAY, f"{SERVE}/proxy_locaton", "EveryNode", "Ray Serve knows no such key; proxy_location?"),
    ("cpu", RAY, f"{APP}/deployments/0/num_replica", 2, "Ray Serve knows no such key; num_replicas?"),
    ("cpu", RAY, f"{APP}/args/max_row", 8, "the server knows no such key; max_rows?"),
    ("cpu", RAY, f"{APP}/args/max_rows", 1, "IMAGINE_MAX_ROWS"),
    ("cpu", RAY, f"{APP}/import_path", "serve_app:build", "is not serve_app.app:build"),
    ("cpu", RAY, f"{APP}/deployments/0/name", "ingress", "makes no deployment ingress"),
    ("cpu", RAY, f"{APP}/deployments/0/ray_actor_options/num_cpus", 1, "ingress_cpus"),
    ("cpu", RAY, f"{APP}/deployments/0/ray_actor_options/runtime_env", {}, "is not blanked"),
    ("cpu", RAY, "/spec/rayClusterConfig/rayVersion", "2.9.0", "is not the locked Ray"),
    ("cpu", RAY, f"{SERVE}/http_options/port", 8001, "port serve of group ingress is another"),
    ("cpu", RAY, SERVE, "a: [", "is no YAML"),
]
REPLICAS = [
    ("cpu", RAY, f"{APP}/deployments/0/ray_actor_options/resources", {}, "exactly one such replica"),
    ("cpu", RAY, f"{MODELS}/resources", {"ingress": "1"}, "fits on a models worker too"),
    ("cpu", RAY, f"{APP}/deployments/0/num_replicas", 3, "there are 2 ingress workers"),
    ("cpu", RAY, f"{APP}/args/replica_cpus", 2, "fits on an ingress worker"),
    ("cpu", RAY, f"{APP}/args/replicas", 2, "the fewest workers hold 1"),
    ("cpu", RAY, f"{APP}/args/max_replicas", 9, "the application grows to 9"),
    ("inf2:inf2.48xlarge", RAY, f"{APP}/args/replica_neuron_cores", 5, "leave cores idle"),
    ("cpu", RAY, "/spec/excludeHeadPodFromServeSvc", False, "the head would get traffic"),
    ("cpu", RAY, f"{HEAD}/rayStartParams/num-cpus", "2", "replicas would run on the head"),
]
TIMES = [
    ("cpu", RAY, f"{BOX}/lifecycle/preStop/exec/command", ["sleep", "60"], "ask Ray to drain"),
    ("cpu", RAY, f"{APP}/args/grace_s", 70, "requests get 70 s"),
    ("cpu", RAY, f"{POD}/terminationGracePeriodSeconds", 60, "ends within the 80 s"),
    ("cpu", "Ingress imagine", "/metadata/annotations/nginx.ingress.kubernetes.io~1proxy-read-timeout", "60", "120 s"),
    ("cpu+", "HTTPRoute imagine", "/spec/rules/0/timeouts/request", "60s", "120 s"),
]
NODES = [
    (KARPENTER, INF2, "/spec/template/spec/nodeClassRef/name", "inf2", "no EC2NodeClass inf2"),
    (KARPENTER, CLASS, "/spec/amiSelectorTerms/0/alias", "al2023@latest", "no pinned release"),
    (KARPENTER, CLASS, "/spec/metadataOptions/httpPutResponseHopLimit", 2, "reach the node's role"),
    (KARPENTER, CLASS, "/spec/blockDeviceMappings/0/ebs/encrypted", False, "not encrypted"),
    (KARPENTER, CLASS, "/spec/blockDeviceMappings/0/ebs/volumeSize", "100Gi", "need 200Gi"),
    (KARPENTER, INF2, "/spec/template/spec/requirements/3/values", ["xlarge"], "instance-size is not"),
    (KARPENTER, INF2, "/spec/limits/aws.amazon.com~1neuron", "6", "is not 12"),
    (KARPENTER, INF2, "/spec/template/spec/taints", [], "no taint"),
    (KARPENTER, INF2, "/spec/disruption/consolidationPolicy", "WhenEmptyOrUnderutilized", "warm models"),
    (KARPENTER, INF2, "/spec/template/spec/terminationGracePeriod", GONE, "never renewed"),
    (KARPENTER, "NodePool imagine-cpu", "/spec/template/spec/requirements/4/values", ["4"], "of 8 CPUs"),
    (KARPENTER, "NodePool imagine-cpu", "/spec/template/spec/taints", [{}], "tolerate none"),
]
EVERY = [*NAMES, *PODS, *NETWORKS, *SIZES, *SERVES, *REPLICAS, *TIMES, *NODES]


def choose(manifests: Callable[..., list[Manifest]], overlay: str) -> list[Manifest]:
    """`cpu+` has the components that can be added, `inf2:SIZE` the size."""
    name, _, instance = overlay.rstrip("+").partition(":")
    return manifests(name, instance, components=("dashboard", "gateway") if overlay.endswith("+") else ())


def checks(overlay: str) -> list[Check]:
    return check_karpenter.ALL if overlay == KARPENTER else OF_AN_OVERLAY


@pytest.mark.parametrize(("overlay", "name", "pointer", "value", "reason"), EVERY)
def test_a_planted_error_is_found(
    manifests: Callable[..., list[Manifest]], overlay: str, name: str, pointer: str, value: Any, reason: str
) -> None:
    changed = choose(manifests, overlay)
    plant(changed, name, pointer, value)
    told = list(problems(Rendered(changed), checks(overlay)))
    assert [p for p in told if reason in p.reason], told


@pytest.mark.parametrize("overlay", ["cpu", "cpu+", "inf2", "inf2:inf2.24xlarge", "inf2:inf2.48xlarge", KARPENTER])
def test_nothing_is_found_in_what_the_repository_has(manifests: Callable[..., list[Manifest]], overlay: str) -> None:
    assert list(problems(Rendered(choose(manifests, overlay)), checks(overlay))) == []


@pytest.mark.parametrize(
    ("module", "planted"),
    [
        (check_names, NAMES),
        (check_pods, PODS),
        (check_network, NETWORKS),
        (check_sizes, SIZES),
        (check_serve, SERVES),
        (check_replicas, REPLICAS),
        (check_times, TIMES),
        (check_karpenter, NODES),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_every_check_has_an_error_that_it_alone_must_find(
    manifests: Callable[..., list[Manifest]], module: Any, planted: list[Any]
) -> None:
    """Else a check could go blind unnoticed."""
    seeing = set()
    for overlay, name, pointer, value, _ in planted:
        changed = choose(manifests, overlay)
        plant(changed, name, pointer, value)
        seeing |= {check for check in module.ALL if list(problems(Rendered(changed), [check]))}
    assert seeing == set(module.ALL)


@pytest.mark.parametrize(
    ("pointer", "value", "reason"),
    [
        (f"{MODELS}/groupName", "model", "has no worker group models"),
        (f"{BOX}/resources/limits/cpu", "six", "cannot be read by the check model_replicas_find_their_workers"),
        (f"{POD}/containers", {}, "has no 0"),
        ("/spec/rayClusterConfig", None, "has no headGroupSpec"),
    ],
)
def test_a_check_that_cannot_see_has_found_something(
    manifests: Callable[..., list[Manifest]], pointer: str, value: Any, reason: str
) -> None:
    """Where there are no CRDs, nothing else would tell."""
    changed = manifests("cpu")
    plant(changed, RAY, pointer, value)
    told = [problem.reason for problem in problems(Rendered(changed), OF_AN_OVERLAY)]
    assert [one for one in told if reason in one], told
