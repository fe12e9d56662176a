"""One look at everything: the service, its replicas, NeuronCores, nodes, and why something is pending."""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import yaml

from k8s.client import history, reasons, snapshot
from k8s.client.cluster import Cluster
from k8s.client.replicas import Replica, replicas
from k8s.client.snapshot import Snapshot
from k8s.errors import K8sError
from k8s.manifests import Manifest
from k8s.output import Result

NEURON = "aws.amazon.com/neuron"
CORES = 2
"""NeuronCores of one Inferentia2 device."""
POOL = "karpenter.sh/nodepool"
TYPE = "node.kubernetes.io/instance-type"

T = TypeVar("T")


def status(cluster: Cluster) -> Result:
    """Never fails for what may not be read: that is told as unknown."""
    now, unknown = snapshot.take(cluster), list[str]()

    def attempt(what: str, read: Callable[[], T], otherwise: T) -> T:
        try:
            return read()
        except K8sError as error:
            unknown.append(f"{what}: {error}")
            return otherwise

    found = attempt("replicas", lambda: replicas(cluster), list[Replica]())
    nodes = attempt("nodes", lambda: cluster.list("Node"), list[Manifest]())
    claims = attempt("node claims", lambda: cluster.list("NodeClaim"), list[Manifest]())
    why = [*now.reasons, *reasons.of_node_claims(claims)]
    data = {
        "ready": now.ready,
        "revision": history.live(cluster),
        "conditions": now.conditions,
        "progress": now.lines(),
        "replicas": _by_state(found),
        "neuron_cores": _cores(now, found, nodes),
        "nodes": _pools(nodes),
        "pending": [{"what": r.subject, "why": r.text, "advice": r.advice} for r in why],
        "unknown": unknown,
    }
    return Result(data, list(_lines(data, map(str, why))))


def _by_state(found: list[Replica]) -> dict[str, dict[str, int]]:
    names = {replica.deployment for replica in found}
    return {name: dict(Counter(r.state for r in found if r.deployment == name)) for name in sorted(names)}


def _cores(now: Snapshot, found: list[Replica], nodes: list[Manifest]) -> dict[str, int]:
    """On nodes, in worker pods, used by replicas that run, and wanted by replicas and pods that do not yet."""
    each = _cores_of_a_replica(now.service)
    models = [replica for replica in found if replica.deployment == "ModelReplica"]
    running = sum(replica.state == "RUNNING" for replica in models)
    return {
        "nodes": sum(CORES * int(n.get("status", {}).get("allocatable", {}).get(NEURON, 0)) for n in nodes),
        "workers": _held(now.pods, "Running"),
        "used": each * running,
        "pending": each * (len(models) - running),
        "pending_workers": _held(now.pods, "Pending"),
    }


def _cores_of_a_replica(service: Manifest) -> int:
    config = yaml.safe_load(service["spec"].get("serveConfigV2", "")) or {}
    return sum(a.get("args", {}).get("replica_neuron_cores", 0) for a in config.get("applications", []))


def _held(pods: list[Manifest], phase: str) -> int:
    here = [pod for pod in pods if pod.get("status", {}).get("phase") == phase]
    containers = [c for pod in here for c in pod.get("spec", {}).get("containers", [])]
    return sum(CORES * int(c.get("resources", {}).get("limits", {}).get(NEURON, 0)) for c in containers)


def _pools(nodes: list[Manifest]) -> list[dict[str, Any]]:
    def key(node: Manifest) -> tuple[str, str]:
        labels = node["metadata"].get("labels", {})
        return labels.get(POOL, "(no pool)"), labels.get(TYPE, "unknown")

    every, ready = Counter(map(key, nodes)), Counter(key(node) for node in nodes if snapshot.is_ready(node))
    return [
        {"pool": pool, "type": kind, "nodes": n, "ready": ready[pool, kind]}
        for (pool, kind), n in sorted(every.items())
    ]


def _lines(data: dict[str, Any], why: Iterable[str]) -> Iterable[str]:
    yield "ready" if data["ready"] else "not ready"
    yield f"revision   {data['revision'] or 'unknown'}"
    yield "conditions " + ", ".join(f"{name}={value}" for name, value in data["conditions"].items())
    yield from data["progress"]
    for name, states in data["replicas"].items():
        yield f"replicas   {name}: " + ", ".join(f"{count} {state}" for state, count in states.items())
    cores = data["neuron_cores"]
    yield (
        f"NeuronCores {cores['nodes']} on nodes, {cores['workers']} in workers, {cores['used']} used, "
        f"{cores['pending']} pending for replicas, {cores['pending_workers']} for workers without a node"
    )
    for pool in data["nodes"]:
        yield f"nodes      {pool['pool']}: {pool['ready']} of {pool['nodes']} {pool['type']} ready"
    yield from (f"pending    {line}" for line in why)
    yield from (f"unknown    {line}" for line in data["unknown"])
