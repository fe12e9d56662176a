"""Back to nothing in the cluster. What holds data outside of it stays."""

import time

from k8s.client import history
from k8s.client.cluster import Cluster
from k8s.client.snapshot import CLUSTER, SERVICE
from k8s.client.waiting import Patience, Say
from k8s.errors import Missing, TimedOut
from k8s.manifests import Manifest, title

KEPT = "kept: S3 buckets and what is in them, images in ECR, Karpenter's node pools, what Terraform made"


def deployed(cluster: Cluster) -> list[Manifest]:
    """The manifests of the last revision."""
    known = history.revisions(cluster)
    if not known:
        raise Missing("no revision is recorded here", "name what was deployed, such as --overlay inf2")
    return known[-1].manifests


def remove(cluster: Cluster, manifests: list[Manifest], patience: Patience, say: Say) -> list[str]:
    """Ray first, while Redis still lives: KubeRay clears the cluster's keys there. The namespace last."""
    removed = []
    if cluster.delete("RayService", SERVICE):
        removed.append(f"RayService {SERVICE}")
        say(f"deleted RayService {SERVICE}; waiting for its pods")
        _wait_for_no_pods(cluster, patience)
    for manifest in reversed([m for m in manifests if m["kind"] != "RayService"]):
        if cluster.delete(manifest["kind"], manifest["metadata"]["name"], manifest["apiVersion"]):
            removed.append(title(manifest))
            say(f"deleted {title(manifest)}")
    return removed


def _wait_for_no_pods(cluster: Cluster, patience: Patience) -> None:
    end = time.monotonic() + patience.total
    while pods := cluster.list("Pod", CLUSTER):
        if time.monotonic() >= end:
            names = ", ".join(pod["metadata"]["name"] for pod in pods)
            raise TimedOut(f"pods are still there: {names}", "run it again; `kubectl describe` tells what holds them")
        time.sleep(min(patience.poll, 1))
