"""The controllers of a cluster, as far as the client sees them: what they write, one step at each look."""

from collections.abc import Callable
from typing import Any

from api_server import ApiServer, Object

Step = Callable[[ApiServer], None]
PNG = b"\x89PNG\r\n\x1a\n" + bytes(5000)


def play(server: ApiServer, *steps: Step) -> None:
    """One step whenever the RayService is read; the last one again and again."""
    left = list(steps)

    def next_step(server: ApiServer, group: str) -> None:
        if group == "rayservices" and ("rayservices", "imagine") in server.objects:
            (left.pop(0) if len(left) > 1 else left[0])(server)

    server.on_read = next_step


def pod(server: ApiServer, name: str, component: str, ready: bool = True, **more: Any) -> Object:
    labels = {"app.kubernetes.io/component": component, "ray.io/cluster": more.pop("cluster", "imagine-abc")}
    status = {"phase": "Running" if ready else "Pending", "conditions": [{"type": "Ready", "status": str(ready)}]}
    status.update(more.pop("status", {}))
    spec = {"containers": [{"name": "ray-worker", **more}]}
    return server.put("Pod", name, metadata={"labels": labels}, spec=spec, status=status)


def starting(server: ApiServer) -> None:
    """The cluster is there, the application is not."""
    pod(server, "head", "head")
    pod(server, "ingress-1", "ingress", ready=False)
    workers = {"readyWorkerReplicas": 0, "desiredWorkerReplicas": 3}
    service(server, "DEPLOYING", ready=False, key="pendingServiceStatus", rayClusterStatus=workers)


def healthy(server: ApiServer, cluster: str = "imagine-abc") -> None:
    limits = {"limits": {"aws.amazon.com/neuron": "6"}}
    pod(server, "head", "head", cluster=cluster)
    pod(server, "ingress-1", "ingress", cluster=cluster)
    pod(server, "models-1", "models", cluster=cluster, resources=limits)
    server.answers[8000, "/imagine"] = (200, "image/png", PNG)
    service(server, "RUNNING", cluster=cluster)


def service(
    server: ApiServer,
    application: str,
    ready: bool = True,
    key: str = "activeServiceStatus",
    cluster: str = "imagine-abc",
    **more: Any,
) -> None:
    generation = server.find("RayService", "imagine")["metadata"]["generation"]
    conditions = [{"type": "Ready", "status": str(ready)}, {"type": "UpgradeInProgress", "status": "False"}]
    applications = {"imagine": {"status": application, "message": "a long\ntale" if application != "RUNNING" else ""}}
    state = {"rayClusterName": cluster, "applicationStatuses": applications, **more}
    status = {"observedGeneration": generation, "conditions": conditions, key: state}
    server.put("RayService", "imagine", status=status)
