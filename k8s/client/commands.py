"""The subcommands that need a cluster. Each takes the parsed arguments and the output, and returns a Result."""

import sys
from argparse import Namespace

from k8s.changes import changes
from k8s.client import history, removal, rollout, snapshot
from k8s.client.cluster import Cluster
from k8s.client.connect import Access, connect
from k8s.client.history import Revision
from k8s.client.replicas import replica_log, replicas
from k8s.client.status import status as look
from k8s.client.waiting import Patience, wait_until_ready
from k8s.errors import Missing, Usage
from k8s.manifests import Manifest
from k8s.output import Output, Result
from k8s.render import NAMESPACE, Choice, render

SHOWN = 20
"""Changes told before the rest is counted."""


def cluster_of(args: Namespace) -> Cluster:
    return Cluster(connect(Access(args.kubeconfig, args.context, args.in_cluster)), NAMESPACE)


def choice_of(args: Namespace) -> Choice:
    return Choice(args.overlay, args.instance, args.image, tuple(args.component), tuple(args.set))


def patience_of(args: Namespace) -> Patience:
    return Patience(args.timeout, args.poll, doubt=min(Patience.doubt, args.timeout / 4))


def deploy(args: Namespace, out: Output) -> Result:
    """Works the first time and every time after."""
    manifests = render(choice_of(args))
    return _roll_out(cluster_of(args), manifests, args, out)


def upgrade(args: Namespace, out: Output) -> Result:
    manifests, cluster = render(choice_of(args)), cluster_of(args)
    _tell_changes(cluster, manifests, out)
    return _roll_out(cluster, manifests, args, out)


def rollback(args: Namespace, out: Output) -> Result:
    cluster = cluster_of(args)
    revision = history.choose(cluster, args.to)
    out.say(f"back to revision {revision.number} of {revision.created}, {revision.image}")
    _tell_changes(cluster, revision.manifests, out)
    return _apply(cluster, revision, args, out)


def revisions(args: Namespace, out: Output) -> Result:
    cluster = cluster_of(args)
    now = history.live(cluster)
    known = [
        {"revision": r.number, "created": r.created, "image": r.image, "live": r.number == now}
        for r in history.revisions(cluster)
    ]
    lines = [f"{'*' if r['live'] else ' '} {r['revision']}  {r['created']}  {r['image']}" for r in known]
    return Result(known, lines or ["no revision is recorded here"])


def status(args: Namespace, out: Output) -> Result:
    return look(cluster_of(args))


def logs(args: Namespace, out: Output) -> Result:
    """Lines as they come; of Ray's replicas by its dashboard, of pods by Kubernetes."""
    cluster = cluster_of(args)
    if args.of == "replicas":
        for replica in replicas(cluster):
            for line in replica_log(cluster, replica, args.tail):
                out.line(f"{replica.deployment}/{replica.id} {line}")
        return Result(None, [])
    pods = [pod for pod in cluster.list("Pod") if snapshot.component(pod) == args.of]
    if not pods:
        raise Missing(f"there is no pod of {args.of}", "`python -m k8s status` tells why")
    for pod in pods[:1] if args.follow else pods:
        name = pod["metadata"]["name"]
        for line in cluster.log(name, pod["spec"]["containers"][0]["name"], args.tail, args.follow):
            out.line(f"{name} {line}")
    return Result(None, [])


def delete(args: Namespace, out: Output) -> Result:
    """Asks first."""
    cluster = cluster_of(args)
    manifests = render(choice_of(args)) if args.overlay else removal.deployed(cluster)
    if not args.yes:
        _ask(f"delete the RayService, its pods and the namespace {NAMESPACE} with {len(manifests)} objects?", out)
    removed = removal.remove(cluster, manifests, patience_of(args), out.say)
    return Result({"deleted": removed, "kept": removal.KEPT}, [f"deleted {len(removed)} objects", removal.KEPT])


def _ask(question: str, out: Output) -> None:
    out.say(f"{question} Type {NAMESPACE}:")
    if sys.stdin.readline().strip() != NAMESPACE:
        raise Usage("not confirmed, nothing is deleted", f"answer {NAMESPACE}, or give --yes")


def _roll_out(cluster: Cluster, manifests: list[Manifest], args: Namespace, out: Output) -> Result:
    rollout.prepare(cluster, manifests, args.force_conflicts, out.say)
    return _apply(cluster, history.record(cluster, manifests), args, out)


def _apply(cluster: Cluster, revision: Revision, args: Namespace, out: Output) -> Result:
    """The steps that a new revision and an old one have in common."""
    patience = patience_of(args)
    rollout.apply_all(cluster, history.marked(revision), args.force_conflicts, out.say)
    replaced = rollout.replace_cluster(cluster, out.say) if getattr(args, "replace", False) else ""
    data = {"revision": revision.number, "image": revision.image, "applied": len(revision.manifests)}
    if args.no_wait:
        return Result(data, [f"applied revision {revision.number}; `python -m k8s status` tells how far it is"])
    now = wait_until_ready(cluster, patience, out.say, replaced)
    picture = rollout.first_picture(cluster, now.active["rayClusterName"], patience)
    size = f"{len(picture.body)} bytes of {picture.content_type}"
    return Result({**data, "picture": size}, [f"revision {revision.number} serves: the first picture is {size}"])


def _tell_changes(cluster: Cluster, manifests: list[Manifest], out: Output) -> None:
    """Against the live revision; and what it costs where the upgrade strategy is None."""
    now = snapshot.take(cluster).service  # or there is nothing to upgrade
    known = {revision.number: revision for revision in history.revisions(cluster)}
    number = history.live(cluster)
    if number not in known:
        out.say("what runs now was not recorded; what changes cannot be told")
        return
    told = changes(known[number].manifests, manifests)
    for line in told[:SHOWN] or ["nothing changes"]:
        out.say(line)
    if len(told) > SHOWN:
        out.say(f"and {len(told) - SHOWN} changes more")
    stays = now["spec"].get("upgradeStrategy", {}).get("type") == "None"
    if stays and any("$.spec.rayClusterConfig" in line for line in told):
        out.say("the pods stay as they are until the Ray cluster is replaced, a pause until a model is warm: --replace")
