"""Why something is not running, and what to do about it: Kubernetes' own words beside ours."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from k8s.client.failures import QUOTA
from k8s.manifests import Manifest

ADVICE = [
    # what Kubernetes says, what to do, whether waiting is in vain
    ("exceeded quota", QUOTA, True),
    (
        "ImagePullBackOff|InvalidImageName",
        "push the image and name it with --image; the nodes' role must be allowed to pull it",
        True,
    ),
    ("CreateContainerConfigError", "make the Secret or ConfigMap it names", True),
    ("InvalidRay", "KubeRay refuses the spec; `python -m k8s check` may know more", True),
    ("violates PodSecurity", "keep the pods' securityContext as in k8s/base", True),
    ("OOMKilled", "give the group more memory, or the server fewer --max-rows", False),
    ("CrashLoopBackOff", "`python -m k8s logs` shows why it ends", False),
    (
        "InsufficientCapacity|UnfulfillableCapacity",
        "AWS has none there now: allow other zones, sizes, or on-demand in k8s/karpenter",
        False,
    ),
    ("VcpuLimitExceeded|MaxSpotInstanceCount|LimitExceeded", "raise AWS's quota of running Inf instances", False),
    (
        "Insufficient aws.amazon.com/neuron",
        "Karpenter starts an inf2 node, in minutes; if none comes: its limits, and the Neuron device plugin",
        False,
    ),
    ("untolerated taint|affinity/selector|Insufficient", "Karpenter starts a node, in a minute or two", False),
    ("FailedMount|FailedAttachVolume", "look at the bucket's name and region, and the S3 and EBS CSI drivers", False),
]


@dataclass(frozen=True)
class Reason:
    subject: str
    text: str
    advice: str = ""
    hopeless: bool = False

    def __str__(self) -> str:
        return f"{self.subject}: {self.text}" + (f" -> {self.advice}" if self.advice else "")


def of_pods(pods: Iterable[Manifest]) -> Iterator[Reason]:
    """What keeps pods from running."""
    for pod in pods:
        subject, status = f"pod {pod['metadata']['name']}", pod.get("status", {})
        for condition in status.get("conditions", []):
            if condition["type"] == "PodScheduled" and condition["status"] == "False":
                yield judge(subject, f"{condition.get('reason', '')}: {condition.get('message', '')}")
        for container in [*status.get("initContainerStatuses", []), *status.get("containerStatuses", [])]:
            waiting = container.get("state", {}).get("waiting", {})
            if waiting and waiting.get("reason") not in ("ContainerCreating", "PodInitializing"):
                yield judge(subject, f"{waiting.get('reason')}: {waiting.get('message', '')}")
            if container.get("lastState", {}).get("terminated", {}).get("reason") == "OOMKilled":
                yield judge(subject, f"OOMKilled: container {container['name']} took more memory than its limit")


def of_events(events: Iterable[Manifest], since: datetime) -> Iterator[Reason]:
    """Warnings that a table entry knows; the others are noise of every start."""
    for event in events:
        about = event["involvedObject"]
        text = f"{event.get('reason', '')}: {event.get('message', '')}"
        reason = judge(f"{about['kind']} {about['name']}", text)
        if event.get("type") == "Warning" and reason.advice and _time(event) >= since:
            yield reason


def of_node_claims(claims: Iterable[Manifest]) -> Iterator[Reason]:
    """Nodes that Karpenter asked for and has not got."""
    for claim in claims:
        for condition in claim.get("status", {}).get("conditions", []):
            if condition["type"] == "Launched" and condition["status"] != "True":
                text = f"{condition.get('reason', '')}: {condition.get('message', '')}"
                yield judge(f"node claim {claim['metadata']['name']}", text)


def judge(subject: str, text: str) -> Reason:
    """With the first entry of the table that fits."""
    text = " ".join(text.split()).strip(": ")
    for pattern, advice, hopeless in ADVICE:
        if re.search(pattern, text):
            return Reason(subject, text, advice, hopeless)
    return Reason(subject, text)


def _time(event: Manifest) -> datetime:
    told = event.get("lastTimestamp") or event.get("eventTime") or event["metadata"]["creationTimestamp"]
    return datetime.fromisoformat(told)
