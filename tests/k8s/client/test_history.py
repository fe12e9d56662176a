"""Revisions as ConfigMaps."""

from typing import Any

import pytest
from api_server import ApiServer

from k8s.client import history
from k8s.client.cluster import Cluster
from k8s.client.connect import Access, connect
from k8s.manifests import Manifest


@pytest.fixture
def cluster(access: str) -> Cluster:
    return Cluster(connect(Access(access)), "imagine")


def manifests(image: str) -> list[Manifest]:
    head: Any = {"template": {"spec": {"containers": [{"image": image}]}}}
    spec = {"rayClusterConfig": {"headGroupSpec": head}, "serveConfigV2": "a: 1\nb: 2\n"}
    return [{"apiVersion": "ray.io/v1", "kind": "RayService", "metadata": {"name": "imagine"}, "spec": spec}]


def test_a_revision_is_read_as_it_was_recorded(cluster: Cluster) -> None:
    made = history.record(cluster, manifests("a:1"))
    assert history.revisions(cluster) == [made]
    assert (made.number, made.image, made.manifests) == (1, "a:1", manifests("a:1"))


def test_the_oldest_revisions_are_dropped(cluster: Cluster, server: ApiServer) -> None:
    for number in range(history.KEPT + 2):
        history.record(cluster, manifests(f"a:{number}"))
    assert server.names("ConfigMap") == {f"imagine-revision-{n + 3}" for n in range(history.KEPT)}
    assert [r.number for r in history.revisions(cluster)] == list(range(3, history.KEPT + 3))  # 10 after 9


def test_other_config_maps_are_none(cluster: Cluster, server: ApiServer) -> None:
    server.put("ConfigMap", "kube-root-ca.crt", data={"ca.crt": ""})
    assert history.revisions(cluster) == []


def test_a_service_that_was_applied_by_other_means_has_no_revision(cluster: Cluster, server: ApiServer) -> None:
    assert history.live(cluster) is None
    server.put("RayService", "imagine")
    assert history.live(cluster) is None


def test_the_mark_is_on_the_service_alone_and_not_kept(cluster: Cluster) -> None:
    revision = history.record(cluster, manifests("a:1"))
    (marked,) = history.marked(revision)
    assert marked["metadata"]["annotations"] == {"imagine-server/revision": "1"}
    assert "annotations" not in revision.manifests[0]["metadata"]
