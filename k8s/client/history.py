"""What was rolled out before: one ConfigMap for each revision, with all its manifests."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import yaml

from k8s.client.cluster import Cluster
from k8s.client.snapshot import SERVICE
from k8s.errors import Missing
from k8s.manifests import LOADER, Manifest
from k8s.render import to_yaml

KEPT = 10
LIVE = "imagine-server/revision"
"""Annotation of the RayService: the revision it was made from."""
CREATED = "imagine-server/created"
IMAGE = "imagine-server/image"
SELECTOR = "app.kubernetes.io/component=revision"


@dataclass(frozen=True)
class Revision:
    number: int
    created: str
    image: str
    manifests: list[Manifest]


def revisions(cluster: Cluster) -> list[Revision]:
    """Oldest first."""
    return sorted(map(_read, cluster.list("ConfigMap", SELECTOR)), key=lambda revision: revision.number)


def live(cluster: Cluster) -> int | None:
    """The revision in force; None where nothing is, or it was applied by other means."""
    service = cluster.find("RayService", SERVICE)
    number = service and service["metadata"].get("annotations", {}).get(LIVE)
    return int(number) if number else None


def record(cluster: Cluster, manifests: list[Manifest]) -> Revision:
    """A new revision, or the last one if it says the same. The oldest beyond KEPT are dropped."""
    known = revisions(cluster)
    if known and known[-1].manifests == manifests:
        return known[-1]
    number = known[-1].number + 1 if known else 1
    now = datetime.now(UTC).isoformat(timespec="seconds")
    revision = Revision(number, now, _image(manifests), manifests)
    cluster.create(_written(cluster, revision))
    for old in known[: max(0, len(known) + 1 - KEPT)]:
        cluster.delete("ConfigMap", _name(old.number))
    return revision


def choose(cluster: Cluster, number: int | None) -> Revision:
    """That revision, or the one before the live one."""
    known, now = revisions(cluster), live(cluster)
    if number is None:
        known = [revision for revision in known if now is None or revision.number < now]
    else:
        known = [revision for revision in known if revision.number == number]
    if known:
        return known[-1]
    wanted = f"revision {number}" if number else f"revision before {now or 'this one'}"
    there = ", ".join(str(revision.number) for revision in revisions(cluster)) or "none"
    raise Missing(f"no {wanted} is kept", f"kept: {there}; `python -m k8s upgrade` applies what is in the repository")


def marked(revision: Revision) -> list[Manifest]:
    """Its manifests, with its number on the RayService."""
    return [
        _mark(manifest, revision.number) if manifest["kind"] == "RayService" else manifest
        for manifest in revision.manifests
    ]


def _mark(service: Manifest, number: int) -> Manifest:
    metadata = service["metadata"]
    annotations = {**metadata.get("annotations", {}), LIVE: str(number)}
    return {**service, "metadata": {**metadata, "annotations": annotations}}


def _name(number: int) -> str:
    return f"{SERVICE}-revision-{number}"


def _image(manifests: list[Manifest]) -> str:
    (service,) = [manifest for manifest in manifests if manifest["kind"] == "RayService"]
    head = service["spec"]["rayClusterConfig"]["headGroupSpec"]["template"]["spec"]["containers"][0]
    return str(head["image"])


def _written(cluster: Cluster, revision: Revision) -> Manifest:
    metadata: dict[str, Any] = {"name": _name(revision.number), "namespace": cluster.namespace}
    metadata["labels"] = {"app.kubernetes.io/name": SERVICE, "app.kubernetes.io/component": "revision"}
    metadata["annotations"] = {LIVE: str(revision.number), CREATED: revision.created, IMAGE: revision.image}
    data = {"manifests.yaml": to_yaml(revision.manifests)}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data, "immutable": True}


def _read(found: Manifest) -> Revision:
    notes = found["metadata"]["annotations"]
    manifests = list(yaml.load_all(found["data"]["manifests.yaml"], Loader=LOADER))
    return Revision(int(notes[LIVE]), notes[CREATED], notes[IMAGE], manifests)
