"""Worker pods against the nodes that Karpenter may start for them, and devices against NeuronCores."""

from collections.abc import Iterator

from k8s.manifests import Part, Problem, Rendered, mebibytes, millicores
from k8s.sizes import INSTANCES, RESERVED_CPU_M, RESERVED_MEMORY_MI

NEURON = "aws.amazon.com/neuron"
INSTANCE_TYPE = "node.kubernetes.io/instance-type"
LEAST = "c7i.2xlarge"
"""The smallest node that k8s/karpenter/cpu.yaml allows, for pods that name none."""
SPOT_NOTICE_S = 120


def cores_are_twice_the_devices(rendered: Rendered) -> Iterator[Problem]:
    """Kubernetes counts devices, Ray counts cores; the autoscaler believes what the group says."""
    for group in rendered.ray.each("workerGroupSpecs"):
        for container in group.at("template").each("spec", "containers"):
            devices = int(container.get("resources", "limits", NEURON, default=0))
            cores = int(group.get("resources", "neuron_cores", default=0))
            if cores != 2 * devices:
                where = group.at("resources") if "resources" in group.value else group
                yield where.problem(f"neuron_cores is {cores}, with {devices} devices it must be {2 * devices}")


def a_worker_fits_its_node(rendered: Rendered) -> Iterator[Problem]:
    """What one pod asks for, and what the node's daemons take, is there."""
    for group in rendered.ray.each("workerGroupSpecs"):
        pod = group.at("template", "spec")
        name = pod.get("nodeSelector", INSTANCE_TYPE, default=LEAST)
        if name not in INSTANCES:
            yield pod.at("nodeSelector").problem(f"k8s/sizes.py knows no {name}")
            continue
        for container in pod.each("containers"):
            yield from _fits(container.at("resources", "requests"), name)


def _fits(asked: Part, name: str) -> Iterator[Problem]:
    node = INSTANCES[name]
    cpu, memory = millicores(asked.at("cpu").value), mebibytes(asked.at("memory").value)
    devices = int(asked.get(NEURON, default=0))
    if cpu > node.cpu_m - RESERVED_CPU_M:
        yield asked.problem(f"cpu {cpu}m: {name} has {node.cpu_m - RESERVED_CPU_M}m for it")
    if memory > node.memory_mi - RESERVED_MEMORY_MI:
        yield asked.problem(f"memory {memory}Mi: {name} has {node.memory_mi - RESERVED_MEMORY_MI}Mi for it")
    if devices > node.devices:
        yield asked.problem(f"{NEURON} {devices}: {name} has {node.devices}")


def models_have_a_node_each(rendered: Rendered) -> Iterator[Problem]:
    """So that no pod waits for a part of a node's devices."""
    pod = rendered.group("models").at("template", "spec")
    node = INSTANCES.get(pod.get("nodeSelector", INSTANCE_TYPE, default=LEAST))
    asked = pod.at("containers", 0, "resources", "requests")
    if (
        node
        and 2 * millicores(asked.at("cpu").value) <= node.cpu_m
        and 2 * mebibytes(asked.at("memory").value) <= node.memory_mi
    ):
        yield asked.problem("two such pods fit one node")
    if node and int(asked.get(NEURON, default=0)) < node.devices:
        yield asked.problem(f"{NEURON}: the node's other devices would be idle")


def neuron_pods_go_to_neuron_nodes(rendered: Rendered) -> Iterator[Problem]:
    """Such nodes are tainted, and may be spot."""
    for pod in rendered.pods():
        if not any(c.get("resources", "limits", NEURON) for c in pod.each("spec", "containers")):
            continue
        spec = pod.at("spec")
        if NEURON not in [toleration.get("key") for toleration in spec.each("tolerations")]:
            yield spec.problem(f"tolerates no taint {NEURON}, which every inf2 node has")
        if spec.at("terminationGracePeriodSeconds").value >= SPOT_NOTICE_S:
            yield spec.problem(f"a spot node is gone {SPOT_NOTICE_S} s after its notice, before the grace period ends")
        if pod.get("metadata", "annotations", "karpenter.sh/do-not-disrupt") != "true":
            yield pod.problem("Karpenter may move its warm model: karpenter.sh/do-not-disrupt is not set")
        if rendered.service.get("spec", "upgradeStrategy", "type") != "None":
            yield rendered.service.problem("upgradeStrategy asks for as many inf2 nodes again; None does not")


ALL = [
    cores_are_twice_the_devices,
    a_worker_fits_its_node,
    models_have_a_node_each,
    neuron_pods_go_to_neuron_nodes,
]
