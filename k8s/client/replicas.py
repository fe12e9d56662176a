"""What Ray Serve says of its replicas: its own REST API, on the head's dashboard port."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from k8s.client.cluster import Cluster
from k8s.client.forward import Answer, fetch
from k8s.client.snapshot import component, is_ready
from k8s.errors import K8sError

DASHBOARD = 8265
ANSWER_S = 15.0


@dataclass(frozen=True)
class Replica:
    deployment: str
    id: str
    state: str
    actor_id: str


def replicas(cluster: Cluster) -> list[Replica]:
    """All replicas of all applications. Raises K8sError where the head does not answer."""
    told = _ask(cluster, "/api/serve/applications/").json()
    return [
        Replica(name, replica["replica_id"], replica["state"], replica.get("actor_id") or "")
        for application in told["applications"].values()
        for name, deployment in application["deployments"].items()
        for replica in deployment["replicas"]
    ]


def replica_log(cluster: Cluster, replica: Replica, tail: int) -> list[str]:
    """The end of what a replica wrote to stderr, where the service writes its log."""
    query = urlencode({"actor_id": replica.actor_id, "suffix": "err", "lines": tail, "format": "text"})
    return _ask(cluster, f"/api/v0/logs/file?{query}").body.decode(errors="replace").splitlines()


def _ask(cluster: Cluster, path: str) -> Answer:
    heads = [pod for pod in cluster.list("Pod") if component(pod) == "head" and is_ready(pod)]
    if not heads:
        raise K8sError("no head of a Ray cluster is ready", "`python -m k8s status` tells why")
    answer = fetch(cluster.api, cluster.namespace, heads[0]["metadata"]["name"], DASHBOARD, path, ANSWER_S)
    if answer.status != 200:
        told: Any = answer.body[:200].decode(errors="replace")
        raise K8sError(f"Ray's dashboard answers {answer.status}: {' '.join(told.split())}")
    return answer
