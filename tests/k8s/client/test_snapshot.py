"""When a service is ready, and whose troubles count."""

from datetime import UTC, datetime
from typing import Any

import pytest
from api_server import ApiServer
from kuberay import pod

from k8s.client import snapshot
from k8s.client.cluster import Cluster
from k8s.client.connect import Access, connect
from k8s.client.snapshot import Snapshot
from k8s.manifests import Manifest

CONDITIONS = [{"type": "Ready", "status": "True"}, {"type": "UpgradeInProgress", "status": "False"}]
ACTIVE = {"rayClusterName": "new", "applicationStatuses": {"imagine": {"status": "RUNNING"}}}


def service(**status: Any) -> Manifest:
    told = {"observedGeneration": 3, "conditions": CONDITIONS, "activeServiceStatus": ACTIVE, **status}
    return {"kind": "RayService", "metadata": {"name": "imagine", "generation": 3}, "status": told}


def seen(service: Manifest, *pods: Manifest) -> Snapshot:
    return Snapshot(service, list(pods), [], datetime.now(UTC))


def broken(name: str, cluster: str) -> Manifest:
    state = {"waiting": {"reason": "ImagePullBackOff", "message": "no"}}
    metadata = {"name": name, "labels": {"ray.io/cluster": cluster}}
    return {"metadata": metadata, "status": {"containerStatuses": [{"state": state}]}}


def test_all_of_it_makes_ready() -> None:
    assert seen(service()).ready


@pytest.mark.parametrize(
    "status",
    [
        {"observedGeneration": 2},  # KubeRay has not seen the last change
        {"conditions": []},
        {
            "conditions": [CONDITIONS[0], {"type": "UpgradeInProgress", "status": "True"}]
        },  # the old cluster serves still
        {"activeServiceStatus": {}},
        {"activeServiceStatus": {**ACTIVE, "applicationStatuses": {}}},
        {"activeServiceStatus": {**ACTIVE, "applicationStatuses": {"imagine": {"status": "DEPLOYING"}}}},
    ],
)
def test_each_of_these_is_not_ready(status: dict[str, Any]) -> None:
    assert not seen(service(**status)).ready


def test_a_service_without_a_status_is_only_new() -> None:
    found = seen({"kind": "RayService", "metadata": {"name": "imagine", "generation": 1}})
    assert not found.ready and found.lines() == ["no pods yet"] and found.reasons == []


def test_pods_of_the_cluster_that_goes_are_no_reason() -> None:
    """Else a fixed deployment would give up for the pods that it replaces."""
    switching = service(activeServiceStatus={**ACTIVE, "rayClusterName": "old"}, pendingServiceStatus=ACTIVE)
    found = seen(switching, broken("a", "old"), broken("b", "new"))
    assert [reason.subject for reason in found.reasons] == ["pod b"]


def test_without_a_switch_every_pod_counts_once() -> None:
    assert [r.subject for r in seen(service(), broken("a", "new"), broken("a", "new")).reasons] == ["pod a"]


def test_pods_that_are_going_are_not_there(server: ApiServer, access: str) -> None:
    server.put("RayService", "imagine")
    pod(server, "stays", "models")
    pod(server, "goes", "models")["metadata"]["deletionTimestamp"] = "2026-11-23T12:00:00Z"
    found = snapshot.take(Cluster(connect(Access(access)), "imagine"))
    assert [p["metadata"]["name"] for p in found.pods] == ["stays"]
