"""From manifests to a first picture: prepare, apply, ask."""

import time
from urllib.parse import urlencode

from k8s.client import secrets, snapshot
from k8s.client.cluster import Cluster
from k8s.client.forward import Answer, fetch
from k8s.client.snapshot import CLUSTER, component, is_ready
from k8s.client.waiting import Patience, Say
from k8s.errors import K8sError, TimedOut
from k8s.manifests import Manifest, title

MANAGER = "imagine-k8s"
HTTP_PORT = 8000
PICTURE_S = 130.0
"""Longer than the server's own deadline of a request."""
QUESTION = {"prompt": "a red circle on a white background", "seed": 7}


def prepare(cluster: Cluster, manifests: list[Manifest], force: bool, say: Say) -> None:
    """What must be there before anything else: the namespace, and passwords in it."""
    apply_all(cluster, [manifest for manifest in manifests if manifest["kind"] == "Namespace"], force, say)
    for made in secrets.make_missing(cluster, manifests):
        say(f"created {made} with a random value")


def apply_all(cluster: Cluster, manifests: list[Manifest], force: bool, say: Say) -> None:
    """Make it so, in the order of the manifests: kustomize puts namespaces first."""
    for manifest in manifests:
        done = cluster.apply(manifest, MANAGER, force)
        say(f"applied {title(manifest)} (generation {done['metadata'].get('generation', '-')})")


def replace_cluster(cluster: Cluster, say: Say) -> str:
    """Delete the Ray cluster in force, so that KubeRay makes one of the new pods. Returns its name."""
    name = str(snapshot.take(cluster).active.get("rayClusterName") or "")
    if name and cluster.delete("RayCluster", name):
        say(f"deleted Ray cluster {name}; nothing is served until the next one is ready")
    return name


def first_picture(cluster: Cluster, ray_cluster: str, patience: Patience) -> Answer:
    """Ask a worker of that Ray cluster until it answers with a picture."""
    end = time.monotonic() + min(patience.total, 2 * PICTURE_S)
    while True:
        answer, why = _ask(cluster, ray_cluster)
        if answer is not None:
            return answer
        if time.monotonic() >= end:
            raise TimedOut(
                f"every pod is ready, but no picture comes: {why}", "`python -m k8s logs replicas` shows why"
            )
        time.sleep(min(patience.poll, 1))


def _ask(cluster: Cluster, ray_cluster: str) -> tuple[Answer | None, str]:
    pods = cluster.list("Pod", f"{CLUSTER}={ray_cluster}")
    pods = [pod for pod in pods if component(pod) in ("ingress", "models") and is_ready(pod)]
    if not pods:
        return None, "no worker is ready"
    name = pods[0]["metadata"]["name"]
    try:
        answer = fetch(cluster.api, cluster.namespace, name, HTTP_PORT, f"/imagine?{urlencode(QUESTION)}", PICTURE_S)
    except K8sError as error:
        return None, str(error)
    if answer.status == 200 and answer.content_type.startswith("image/"):
        return answer, ""
    return None, f"{answer.status} {answer.body[:200].decode(errors='replace')}"
