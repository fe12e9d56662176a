"""What the replicas of the application find on the workers that Kubernetes gives them."""

from collections.abc import Iterator

from k8s.check_serve import ingress, settings
from k8s.manifests import Part, Problem, Rendered
from serve_app.settings import Settings


def ingress_replicas_fill_the_ingress_workers(rendered: Rendered) -> Iterator[Problem]:
    deployment, group = ingress(rendered), rendered.group("ingress")
    actor = deployment.at("ray_actor_options")
    asked = {"CPU": actor.at("num_cpus").value, **actor.get("resources", default={})}
    if fits(asked, offered(group)) != 1:
        yield actor.problem("an ingress worker does not hold exactly one such replica")
    if fits(asked, offered(rendered.group("models"))):
        yield actor.problem("fits on a models worker too")
    if deployment.at("num_replicas").value != group.at("minReplicas").value:
        yield deployment.at("num_replicas").problem(f"there are {group.at('minReplicas').value} ingress workers")


def model_replicas_find_their_workers(rendered: Rendered) -> Iterator[Problem]:
    chosen, group = settings(rendered), rendered.group("models")
    args = rendered.serve.at("applications", 0, "args")
    each = fits(replica_asks(chosen), offered(group))
    if fits(replica_asks(chosen), offered(rendered.group("ingress"))):
        yield args.problem("a model replica fits on an ingress worker")
    if each * group.at("minReplicas").value < chosen.replicas:
        yield args.problem(
            f"replicas {chosen.replicas}: the fewest workers hold {each * group.at('minReplicas').value}"
        )
    if each * group.at("maxReplicas").value != max(chosen.max_replicas, chosen.replicas):
        most = each * group.at("maxReplicas").value
        yield group.at("maxReplicas").problem(
            f"the workers hold {most} replicas, the application grows to {chosen.max_replicas}"
        )
    if chosen.replica_neuron_cores and offered(group).get("neuron_cores", 0) != each * chosen.replica_neuron_cores:
        yield group.at("resources").problem(f"{each} replicas of {chosen.replica_neuron_cores} cores leave cores idle")


def the_head_takes_no_replica_and_no_traffic(rendered: Rendered) -> Iterator[Problem]:
    spec, start = rendered.service.at("spec"), rendered.ray.at("headGroupSpec", "rayStartParams")
    if spec.get("excludeHeadPodFromServeSvc") is not True:
        yield spec.problem("excludeHeadPodFromServeSvc is not true: the head would get traffic")
    if start.get("num-cpus") != "0":
        yield start.problem('num-cpus is not "0": replicas would run on the head')


def replica_asks(chosen: Settings) -> dict[str, float]:
    """CPUs and custom resources that Ray sets aside for one model replica."""
    asked = {"CPU": chosen.replica_cpus, "neuron_cores": float(chosen.replica_neuron_cores)}
    return {name: amount for name, amount in asked.items() if amount}


def offered(group: Part) -> dict[str, float]:
    """CPUs and custom resources that one worker of a group brings to Ray."""
    cpu = group.at("template", "spec", "containers", 0, "resources", "limits", "cpu")
    return {"CPU": float(cpu.value), **{k: float(v) for k, v in group.get("resources", default={}).items()}}


def fits(asked: dict[str, float], there: dict[str, float]) -> int:
    """How many of `asked` one worker holds."""
    return int(min(there.get(name, 0) // amount for name, amount in asked.items()))


ALL = [
    ingress_replicas_fill_the_ingress_workers,
    model_replicas_find_their_workers,
    the_head_takes_no_replica_and_no_traffic,
]
