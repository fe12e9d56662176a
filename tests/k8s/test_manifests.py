import pytest

from k8s.manifests import Absent, Part, Rendered, matches, mebibytes, millicores, port_numbers

POD = {
    "kind": "Pod",
    "metadata": {"name": "a"},
    "spec": {"containers": [{"ports": [{"name": "p", "containerPort": 1}]}]},
}


def test_a_part_knows_the_way_to_itself() -> None:
    part = Part(POD, POD).at("spec", "containers", 0, "ports")
    assert part.path == "$.spec.containers[0].ports" and part.owner is POD
    assert [entry.path for entry in Part(POD, POD).each("spec", "containers")] == ["$.spec.containers[0]"]


@pytest.mark.parametrize("keys", [("spec", "volumes"), ("spec", "containers", 1), ("kind", "name")])
def test_what_is_not_there_is_absent_at_its_place(keys: tuple[str | int, ...]) -> None:
    with pytest.raises(Absent) as absent:
        Part(POD, POD).at(*keys)
    assert absent.value.problem.reason == f"has no {keys[-1]}"
    assert Part(POD, POD).get(*keys, default=3) == 3


@pytest.mark.parametrize(
    ("selector", "matched"),
    [
        ({}, True),
        ({"matchLabels": {"a": "1"}}, True),
        ({"matchLabels": {"a": "2"}}, False),
        ({"matchLabels": {"a": "1", "c": "1"}}, False),
        ({"matchExpressions": [{"key": "b", "operator": "In", "values": ["2", "3"]}]}, True),
        ({"matchExpressions": [{"key": "b", "operator": "In", "values": ["3"]}]}, False),
    ],
)
def test_a_selector_selects_labels(selector: dict[str, object], matched: bool) -> None:
    assert matches(selector, {"a": "1", "b": "2"}) is matched


def test_quantities() -> None:
    assert [millicores(q) for q in ("250m", "2", 2, "0.5")] == [250, 2000, 2000, 500]
    assert [mebibytes(q) for q in ("512Mi", "2Gi", "1Ti")] == [512, 2048, 1048576]


def test_ports_have_numbers() -> None:
    assert port_numbers(Part(POD, POD)) == {"p": 1}


def test_a_rendering_without_a_ray_service_says_so() -> None:
    with pytest.raises(Absent, match="one RayService is needed beside it, there are 0"):
        _ = Rendered([POD]).service
