"""The node pools: what they may start, and what runs on it."""

from collections.abc import Iterator

from k8s.manifests import Part, Problem, Rendered, mebibytes
from k8s.sizes import INSTANCES, MAX_REPLICAS

NEURON = "aws.amazon.com/neuron"
LEAST_DISK_GI = 200
"""Images of several GB, and compiled models."""


def pools_name_classes_that_exist(nodes: Rendered) -> Iterator[Problem]:
    classes = nodes.names("EC2NodeClass")
    for pool in nodes.kind("NodePool"):
        name = pool.at("spec", "template", "spec", "nodeClassRef", "name")
        if name.value not in classes:
            yield name.problem(f"there is no EC2NodeClass {name.value}")


def nodes_are_pinned_and_give_no_role_to_pods(nodes: Rendered) -> Iterator[Problem]:
    for node_class in nodes.kind("EC2NodeClass"):
        for term in node_class.each("spec", "amiSelectorTerms"):
            if not str(term.get("alias")).startswith("al2023@v20"):
                yield term.problem("is no pinned release of AL2023, which has the Neuron variant")
        options = node_class.at("spec", "metadataOptions")
        if options.value != {"httpTokens": "required", "httpPutResponseHopLimit": 1}:
            yield options.problem("pods would reach the node's role")


def inf2_nodes_have_room_and_encrypted_disks(nodes: Rendered) -> Iterator[Problem]:
    for node_class in nodes.kind("EC2NodeClass"):
        for disk in node_class.each("spec", "blockDeviceMappings"):
            if disk.get("ebs", "encrypted") is not True:
                yield disk.problem("is not encrypted")
            size = disk.at("ebs", "volumeSize")
            if node_class.name.endswith("inf2") and mebibytes(size.value) < LEAST_DISK_GI * 1024:
                yield size.problem(f"{size.value}: images and models need {LEAST_DISK_GI}Gi")


def the_inf2_pool_starts_what_the_sizes_ask_for(nodes: Rendered) -> Iterator[Problem]:
    for pool in nodes.kind("NodePool"):
        if requirement(pool, "instance-family") == ["inf2"]:
            wanted = {name.partition(".")[2] for name, instance in INSTANCES.items() if instance.devices}
            if set(requirement(pool, "instance-size")) != wanted:
                yield pool.at("spec", "template", "spec", "requirements").problem(
                    f"instance-size is not {sorted(wanted)}"
                )
            if pool.get("spec", "limits", NEURON) != str(MAX_REPLICAS):
                yield pool.at("spec").problem(
                    f"limits.{NEURON} is not {MAX_REPLICAS}, the replicas of the inf2 overlay"
                )
            if NEURON not in [t.get("key") for t in pool.each("spec", "template", "spec", "taints")]:
                yield pool.at("spec", "template", "spec").problem(f"no taint {NEURON}: other pods would fill its nodes")


def warm_models_stay_where_they_are(nodes: Rendered) -> Iterator[Problem]:
    for pool in nodes.kind("NodePool"):
        spec = pool.at("spec")
        if "inf2" in pool.name and spec.get("disruption", "consolidationPolicy") != "WhenEmpty":
            yield spec.problem("consolidationPolicy is not WhenEmpty: warm models would be moved to save a node")
        if not spec.get("template", "spec", "terminationGracePeriod"):
            yield spec.problem("no terminationGracePeriod: nodes with pods that may not be disrupted are never renewed")


def cpu_pods_find_a_node(nodes: Rendered) -> Iterator[Problem]:
    """8 CPUs and at least 16 GiB, which is what every c and m instance of that size has."""
    for pool in nodes.kind("NodePool"):
        if pool.name.endswith("cpu"):
            spec = pool.at("spec", "template", "spec")
            if min(map(int, requirement(pool, "instance-cpu")), default=0) < 8 or set(
                requirement(pool, "instance-category")
            ) != {"c", "m"}:
                yield spec.at("requirements").problem("a models pod needs c or m instances of 8 CPUs")
            if "taints" in spec.value:
                yield spec.at("taints").problem("the cpu overlay's pods tolerate none")


def requirement(pool: Part, key: str) -> list[str]:
    """The allowed values of a label that ends so; none where all are allowed."""
    found = [r for r in pool.each("spec", "template", "spec", "requirements") if str(r.get("key")).endswith(f"/{key}")]
    return list(found[0].at("values").value) if found else []


ALL = [
    pools_name_classes_that_exist,
    nodes_are_pinned_and_give_no_role_to_pods,
    inf2_nodes_have_room_and_encrypted_disks,
    the_inf2_pool_starts_what_the_sizes_ask_for,
    warm_models_stay_where_they_are,
    cpu_pods_find_a_node,
]
