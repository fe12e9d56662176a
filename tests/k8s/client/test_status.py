"""`status`: how it is, and why something is pending."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from api_server import ApiServer
from kuberay import healthy, play, pod, service

from k8s.__main__ import main

Look = Callable[[], dict[str, Any]]
REPLICA = {"replica_id": "r", "actor_id": "a"}


@pytest.fixture
def look(server: ApiServer, access: str, capsys: pytest.CaptureFixture[str]) -> Look:
    """What `status --output json` says after a deployment of the inf2 overlay."""
    deploy = ["deploy", "--overlay", "inf2", "--instance", "inf2.24xlarge", "--no-wait", "--kubeconfig", access]
    assert main(deploy) == 0
    play(server, healthy)
    serve(server, "RUNNING", "RUNNING", "STARTING")

    def look() -> dict[str, Any]:
        capsys.readouterr()
        assert main(["status", "--kubeconfig", access, "--output", "json"]) == 0
        told: dict[str, Any] = json.loads(capsys.readouterr().out)
        return told

    return look


def serve(server: ApiServer, *states: str) -> None:
    """Ray's own REST API on the head."""
    models = {"replicas": [{**REPLICA, "state": state} for state in states]}
    deployments = {"ModelReplica": models, "Ingress": {"replicas": [{**REPLICA, "state": "RUNNING"}]}}
    body = json.dumps({"applications": {"imagine": {"deployments": deployments}}}).encode()
    server.answers[8265, "/api/serve/applications/"] = (200, "application/json", body)


def node(server: ApiServer, name: str, pool: str, kind: str, ready: bool = True, neuron: int = 0) -> None:
    labels = {"karpenter.sh/nodepool": pool, "node.kubernetes.io/instance-type": kind}
    status = {"conditions": [{"type": "Ready", "status": str(ready)}], "allocatable": {"aws.amazon.com/neuron": neuron}}
    server.put("Node", name, metadata={"labels": labels}, status=status)


def test_a_healthy_service_is_ready(look: Look) -> None:
    told = look()
    assert told["ready"] is True and told["revision"] == 1 and told["conditions"]["Ready"] == "True"
    assert told["pending"] == [] and told["unknown"] == []


def test_replicas_and_cores_are_counted(server: ApiServer, look: Look) -> None:
    node(server, "n1", "imagine-inf2", "inf2.24xlarge", neuron=6)
    told = look()
    assert told["replicas"] == {"Ingress": {"RUNNING": 1}, "ModelReplica": {"RUNNING": 2, "STARTING": 1}}
    assert told["neuron_cores"] == {"nodes": 12, "workers": 12, "used": 4, "pending": 2, "pending_workers": 0}


def test_nodes_are_told_by_pool(server: ApiServer, look: Look) -> None:
    node(server, "n1", "imagine-cpu", "c7i.2xlarge")
    node(server, "n2", "imagine-cpu", "c7i.2xlarge", ready=False)
    assert look()["nodes"] == [{"pool": "imagine-cpu", "type": "c7i.2xlarge", "nodes": 2, "ready": 1}]


def test_a_pod_without_a_node_tells_why(server: ApiServer, look: Look) -> None:
    why = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}
    message = "0/3 nodes are available: 3 Insufficient aws.amazon.com/neuron."
    resources = {"limits": {"aws.amazon.com/neuron": "6"}}
    pod(server, "models-2", "models", False, resources=resources, status={"conditions": [{**why, "message": message}]})
    told = look()
    assert told["neuron_cores"]["pending_workers"] == 12
    (reason,) = told["pending"]
    assert reason["what"] == "pod models-2" and message in reason["why"]
    assert reason["advice"].startswith("Karpenter starts an inf2 node")


def test_capacity_that_aws_has_not_is_told(server: ApiServer, look: Look) -> None:
    condition = {"type": "Launched", "status": "False", "reason": "LaunchFailed"}
    message = "InsufficientCapacityError: no instances of inf2.24xlarge"
    server.put("NodeClaim", "imagine-inf2-x", status={"conditions": [{**condition, "message": message}]})
    (reason,) = look()["pending"]
    assert reason["what"] == "node claim imagine-inf2-x" and "allow other zones" in reason["advice"]


def test_what_may_not_be_read_is_unknown_and_no_failure(server: ApiServer, look: Look) -> None:
    server.denied["list", "nodes"] = (403, "nodes is forbidden")
    del server.kinds["karpenter.sh/v1"]
    server.answers.clear()
    told = look()
    assert told["unknown"] == [
        "replicas: port 8265 of pod head does not answer: connection refused",
        "nodes: listing Nodes: nodes is forbidden",
        "node claims: the cluster knows no kind NodeClaim of karpenter.sh/v1",
    ]


def test_people_read_lines(server: ApiServer, access: str, look: Look, capsys: pytest.CaptureFixture[str]) -> None:
    play(server, lambda s: service(s, "DEPLOY_FAILED", ready=False))
    capsys.readouterr()
    assert main(["status", "--kubeconfig", access]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:3] == ["not ready", "revision   1", "conditions Ready=False, UpgradeInProgress=False"]
    assert (
        "pending    application imagine: DEPLOY_FAILED: a long tale -> `python -m k8s logs replicas` shows why" in lines
    )


def test_nothing_deployed_is_said(access: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", "--kubeconfig", access]) == 5
    assert "there is no RayService imagine" in capsys.readouterr().err
