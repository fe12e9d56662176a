"""What the client counts on, of our own API server; and of a real one where TEST_KUBECONFIG names a kubeconfig.

A real one needs a namespace `imagine-test` in which ConfigMaps may be written.
"""

import os
import time
from collections.abc import Iterator
from typing import Any

import pytest

from k8s.client.cluster import Cluster
from k8s.client.connect import Access, connect
from k8s.errors import Conflict, Missing
from k8s.manifests import Manifest

REAL = os.environ.get("TEST_KUBECONFIG")
NAME = "imagine-contract"


@pytest.fixture(params=["ours", "real"] if REAL else ["ours"])
def cluster(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    request.getfixturevalue("server").watch_s = 60
    kubeconfig = REAL if request.param == "real" else request.getfixturevalue("access")
    cluster = Cluster(connect(Access(kubeconfig)), "imagine-test")
    yield cluster
    cluster.delete("ConfigMap", NAME)


def config_map(**data: str) -> Manifest:
    metadata: dict[str, Any] = {"name": NAME, "labels": {"app.kubernetes.io/name": NAME}}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def test_what_is_applied_is_there(cluster: Cluster) -> None:
    cluster.apply(config_map(a="1"), "one")
    found = cluster.find("ConfigMap", NAME)
    assert found is not None and found["data"] == {"a": "1"} and found["metadata"]["resourceVersion"]
    assert [m["metadata"]["name"] for m in cluster.list("ConfigMap", f"app.kubernetes.io/name={NAME}")] == [NAME]
    assert cluster.list("ConfigMap", "app.kubernetes.io/name=other") == []


def test_what_a_manager_no_longer_names_is_gone(cluster: Cluster) -> None:
    cluster.apply(config_map(a="1", b="2"), "one")
    assert cluster.apply(config_map(a="1"), "one")["data"] == {"a": "1"}


def test_what_others_own_stays_and_is_a_conflict(cluster: Cluster) -> None:
    cluster.apply(config_map(a="1"), "one")
    assert cluster.apply(config_map(b="2"), "two")["data"] == {"a": "1", "b": "2"}
    with pytest.raises(Conflict, match=r'\.data\.a \(conflict with "one"'):
        cluster.apply(config_map(a="9"), "two")
    assert cluster.apply(config_map(a="9"), "two", force=True)["data"] == {"a": "9"}


def test_the_same_value_is_no_conflict(cluster: Cluster) -> None:
    cluster.apply(config_map(a="1"), "one")
    assert cluster.apply(config_map(a="1"), "two")["data"] == {"a": "1"}


def test_a_change_ends_the_waiting_and_none_does_not(cluster: Cluster) -> None:
    seen = cluster.apply(config_map(a="1"), "one")
    start = time.monotonic()
    cluster.wait_for_change(seen, 1)
    assert time.monotonic() - start > 0.8
    cluster.apply(config_map(a="2"), "one")
    start = time.monotonic()
    cluster.wait_for_change(seen, 20)
    assert time.monotonic() - start < 10


def test_what_is_not_there_is_none(cluster: Cluster) -> None:
    assert cluster.find("ConfigMap", NAME) is None
    assert cluster.delete("ConfigMap", NAME) is False
    cluster.apply(config_map(), "one")
    assert cluster.delete("ConfigMap", NAME) is True


def test_a_kind_that_nobody_has_is_missing(cluster: Cluster) -> None:
    with pytest.raises(Missing, match="knows no kind Nothing of v1"):
        cluster.find("Nothing", NAME, "v1")
