"""A RayService and its pods at one moment, and whether pictures can be had from it."""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from k8s.client import reasons
from k8s.client.cluster import Cluster
from k8s.client.reasons import Reason
from k8s.errors import Missing
from k8s.manifests import Manifest

SERVICE = "imagine"
COMPONENT = "app.kubernetes.io/component"
CLUSTER = "ray.io/cluster"


@dataclass(frozen=True)
class Snapshot:
    service: Manifest
    pods: list[Manifest]
    events: list[Manifest]
    since: datetime

    @property
    def status(self) -> dict[str, Any]:
        return dict(self.service.get("status") or {})

    @property
    def conditions(self) -> dict[str, str]:
        return {c["type"]: c["status"] for c in self.status.get("conditions", [])}

    @property
    def active(self) -> dict[str, Any]:
        return dict(self.status.get("activeServiceStatus") or {})

    @property
    def pending(self) -> dict[str, Any]:
        return dict(self.status.get("pendingServiceStatus") or {})

    @property
    def applications(self) -> dict[str, Any]:
        return dict((self.pending or self.active).get("applicationStatuses") or {})

    @property
    def ready(self) -> bool:
        """KubeRay has seen the last change, and every application runs."""
        seen = self.status.get("observedGeneration", 0) >= self.service["metadata"].get("generation", 0)
        applications = dict(self.active.get("applicationStatuses") or {})
        running = bool(applications) and all(a.get("status") == "RUNNING" for a in applications.values())
        return seen and running and self.conditions.get("Ready") == "True" and not self._switching

    @property
    def _switching(self) -> bool:
        return self.conditions.get("UpgradeInProgress") == "True"

    @property
    def _newest(self) -> list[Manifest]:
        """Without the pods of a cluster that another one is to replace."""
        name = self.pending.get("rayClusterName") and self.active.get("rayClusterName")
        return [pod for pod in self.pods if not name or pod["metadata"].get("labels", {}).get(CLUSTER) != name]

    @property
    def reasons(self) -> list[Reason]:
        """Why it is not ready, each once, the hopeless first."""
        found = [*reasons.of_pods(self._newest), *reasons.of_events(self.events, self.since), *self._failed()]
        return sorted(dict.fromkeys(found), key=lambda reason: not reason.hopeless)

    def _failed(self) -> list[Reason]:
        failed = ("DEPLOY_FAILED", "UNHEALTHY")
        return [
            Reason(
                f"application {name}",
                " ".join(f"{application['status']}: {application.get('message', '')}".split()),
                "`python -m k8s logs replicas` shows why",
                application["status"] == "DEPLOY_FAILED",
            )
            for name, application in self.applications.items()
            if application.get("status") in failed
        ]

    def lines(self) -> list[str]:
        """How far it is."""
        lines = [self._pods_line()] if self.pods else ["no pods yet"]
        for state, word in ((self.active, "active"), (self.pending, "pending")):
            if state.get("rayClusterName"):
                workers = state.get("rayClusterStatus") or {}
                count = f"{workers.get('readyWorkerReplicas', 0)} of {workers.get('desiredWorkerReplicas', 0)}"
                lines.append(f"Ray cluster {state['rayClusterName']} ({word}): {count} workers ready")
        lines += [f"application {name}: {a.get('status', 'unknown')}" for name, a in self.applications.items()]
        return lines

    def _pods_line(self) -> str:
        ready = Counter(component(pod) for pod in self.pods if is_ready(pod))
        every = Counter(component(pod) for pod in self.pods)
        return "pods ready: " + ", ".join(f"{name} {ready[name]}/{count}" for name, count in sorted(every.items()))


def take(cluster: Cluster, since: datetime | None = None) -> Snapshot:
    """Read it all anew; Missing if it is not deployed. Warnings count from `since`, else the last ten minutes."""
    service = cluster.find("RayService", SERVICE)
    if service is None:
        raise Missing(
            f"there is no RayService {SERVICE} in namespace {cluster.namespace}", "`python -m k8s deploy` makes one"
        )
    pods = [pod for pod in cluster.list("Pod") if "deletionTimestamp" not in pod["metadata"]]
    since = since or datetime.now(UTC) - timedelta(minutes=10)
    return Snapshot(service, pods, cluster.list("Event"), since)


def component(pod: Manifest) -> str:
    labels = pod["metadata"].get("labels", {})
    return str(labels.get(COMPONENT) or labels.get("app.kubernetes.io/name") or "other")


def is_ready(pod: Manifest) -> bool:
    conditions = pod.get("status", {}).get("conditions", [])
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)
