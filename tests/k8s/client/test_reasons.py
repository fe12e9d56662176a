from datetime import UTC, datetime
from typing import Any

import pytest

from k8s.client.reasons import judge, of_events, of_node_claims, of_pods

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "advice", "hopeless"),
    [
        ("FailedCreate: exceeded quota: gpu", "ResourceQuota", True),
        ("ImagePullBackOff: Back-off pulling image", "--image", True),
        ("ErrImagePull: 429 Too Many Requests", "", False),  # tried again
        ("CreateContainerConfigError: secret not found", "Secret", True),
        ("OOMKilled: container a", "more memory", False),
        ("VcpuLimitExceeded: You have requested more", "AWS's quota", False),
        ("Unschedulable: 1 Insufficient aws.amazon.com/neuron", "inf2 node", False),
        ("Unschedulable: 1 Insufficient cpu", "starts a node", False),
        ("something else", "", False),
    ],
)
def test_the_first_entry_that_fits_gives_the_advice(text: str, advice: str, hopeless: bool) -> None:
    found = judge("pod a", text)
    assert found.hopeless is hopeless
    assert (advice in found.advice) if advice else found.advice == ""


def test_words_of_kubernetes_are_one_line() -> None:
    assert str(judge("pod a", ": a\n  b  ")) == "pod a: a b"


def test_a_container_that_is_only_being_made_is_no_reason() -> None:
    state = {"waiting": {"reason": "ContainerCreating"}}
    assert list(of_pods([{"metadata": {"name": "a"}, "status": {"containerStatuses": [{"state": state}]}}])) == []


def test_a_pod_that_was_killed_for_memory_says_so() -> None:
    killed = {"name": "c", "state": {}, "lastState": {"terminated": {"reason": "OOMKilled"}}}
    (reason,) = of_pods([{"metadata": {"name": "a"}, "status": {"initContainerStatuses": [killed]}}])
    assert reason.text == "OOMKilled: container c took more memory than its limit"


@pytest.mark.parametrize(
    ("more", "count"),
    [
        ({"lastTimestamp": "2026-11-23T12:00:00Z"}, 1),
        ({"lastTimestamp": "2026-11-23T11:59:59Z"}, 0),
        ({"lastTimestamp": None, "eventTime": "2026-11-23T12:00:01.000000Z"}, 1),
        ({"lastTimestamp": "2026-11-23T12:00:00Z", "type": "Normal"}, 0),
        ({"lastTimestamp": "2026-11-23T12:00:00Z", "message": "Readiness probe failed"}, 0),
    ],
)
def test_only_new_warnings_that_the_table_knows_count(more: dict[str, Any], count: int) -> None:
    about = {"kind": "RayCluster", "name": "a"}
    event = {"type": "Warning", "reason": "Failed", "message": "exceeded quota", "involvedObject": about, **more}
    assert len(list(of_events([event], NOON))) == count


def test_a_node_claim_that_was_launched_is_no_reason() -> None:
    launched = {"type": "Launched", "status": "True"}
    assert list(of_node_claims([{"metadata": {"name": "a"}, "status": {"conditions": [launched]}}])) == []
