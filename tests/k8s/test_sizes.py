"""Worker pods against the nodes that Karpenter may start for them."""

from collections.abc import Callable

import pytest
from manifests import SIZES, Manifest, group, kinds, mebibytes, serve_config

from k8s.sizes import INSTANCES, MAX_REPLICAS, RESERVED_CPU_M, RESERVED_MEMORY_MI, Instance, component, folder, worker

Render = Callable[..., list[Manifest]]


def pool(render: Render, name: str) -> Manifest:
    (found,) = [m for m in kinds(render("karpenter"), "NodePool") if m["metadata"]["name"] == name]
    return dict(found["spec"])


def allowed(pool: Manifest, key: str) -> list[str]:
    (found,) = [r["values"] for r in pool["template"]["spec"]["requirements"] if r["key"].endswith(key)]
    return list(found)


def test_a_worker_fills_its_node_and_leaves_the_daemons_their_share() -> None:
    size = worker(Instance(cpu_m=95690, memory_mi=355262, devices=6))
    assert (size.cpu, size.memory_gi, size.devices, size.neuron_cores, size.most_nodes) == (94, 345, 6, 12, 2)


@pytest.mark.parametrize("size", SIZES)
def test_the_components_are_what_the_table_says(size: str) -> None:
    """Else run `python -m k8s.sizes`."""
    name = size.replace("-", ".")
    assert {file.name: file.read_text() for file in folder(name).iterdir()} == component(name)


@pytest.mark.parametrize("variant", [("cpu",), *(("inf2", size) for size in SIZES)])
def test_one_worker_pod_fits_its_node_and_two_do_not(render: Render, variant: tuple[str, ...]) -> None:
    manifests = render(*variant)
    spec = group(manifests, "models")["template"]["spec"]
    node = INSTANCES[spec.get("nodeSelector", {}).get("node.kubernetes.io/instance-type", "c7i.2xlarge")]
    asked = spec["containers"][0]["resources"]["requests"]
    assert node.cpu_m - RESERVED_CPU_M >= 1000 * int(asked["cpu"]) > node.cpu_m // 2
    assert node.memory_mi - RESERVED_MEMORY_MI >= mebibytes(asked["memory"]) > node.memory_mi // 2
    assert int(asked.get("aws.amazon.com/neuron", 0)) == node.devices


@pytest.mark.parametrize("size", SIZES)
def test_inf2_pods_go_where_the_pool_makes_nodes(render: Render, size: str) -> None:
    spec = group(render("inf2", size), "models")["template"]["spec"]
    inf2 = pool(render, "imagine-inf2")
    family, _, instance_size = spec["nodeSelector"]["node.kubernetes.io/instance-type"].partition(".")
    assert [family] == allowed(inf2, "instance-family") and instance_size in allowed(inf2, "instance-size")
    (taint,) = inf2["template"]["spec"]["taints"]
    assert spec["tolerations"] == [{"key": taint["key"], "operator": "Exists", "effect": taint["effect"]}]


def test_cpu_pods_go_where_the_pool_makes_nodes(render: Render) -> None:
    """8 CPUs and at least 16 GiB, which is what every c and m instance of that size has."""
    cpu = pool(render, "imagine-cpu")
    assert min(map(int, allowed(cpu, "instance-cpu"))) == 8
    assert set(allowed(cpu, "instance-category")) == {"c", "m"}
    assert "taints" not in cpu["template"]["spec"]


def test_the_pool_ends_where_the_replicas_do(render: Render) -> None:
    (application,) = serve_config(render("inf2"))["applications"]
    assert application["args"]["max_replicas"] == MAX_REPLICAS
    assert pool(render, "imagine-inf2")["limits"] == {"aws.amazon.com/neuron": str(MAX_REPLICAS)}


def test_warm_models_stay_where_they_are(render: Render) -> None:
    template = group(render("inf2"), "models")["template"]
    assert template["metadata"]["annotations"]["karpenter.sh/do-not-disrupt"] == "true"
    assert pool(render, "imagine-inf2")["disruption"]["consolidationPolicy"] == "WhenEmpty"
    assert "terminationGracePeriod" in pool(render, "imagine-inf2")["template"]["spec"]


def test_pools_name_node_classes_that_exist(render: Render) -> None:
    classes = {m["metadata"]["name"] for m in kinds(render("karpenter"), "EC2NodeClass")}
    pools = kinds(render("karpenter"), "NodePool")
    assert {p["spec"]["template"]["spec"]["nodeClassRef"]["name"] for p in pools} == classes


def test_nodes_are_pinned_and_give_no_role_to_pods(render: Render) -> None:
    for node_class in kinds(render("karpenter"), "EC2NodeClass"):
        (ami,) = node_class["spec"]["amiSelectorTerms"]
        assert ami["alias"].startswith("al2023@v20")
        assert node_class["spec"]["metadataOptions"] == {"httpTokens": "required", "httpPutResponseHopLimit": 1}


def test_inf2_nodes_have_room_for_images_and_models(render: Render) -> None:
    (inf2,) = [m for m in kinds(render("karpenter"), "EC2NodeClass") if m["metadata"]["name"] == "imagine-inf2"]
    (disk,) = inf2["spec"]["blockDeviceMappings"]
    assert mebibytes(disk["ebs"]["volumeSize"]) >= 200 * 1024
    assert disk["ebs"]["encrypted"] is True
