"""Worker pods of the size components, by the table of instances."""

import pytest

from k8s.sizes import INSTANCES, Instance, component, folder, worker

SIZES = [name for name, instance in INSTANCES.items() if instance.devices]


def test_a_worker_fills_its_node_and_leaves_the_daemons_their_share() -> None:
    size = worker(Instance(cpu_m=95690, memory_mi=355262, devices=6))
    assert (size.cpu, size.memory_gi, size.devices, size.neuron_cores, size.most_nodes) == (94, 345, 6, 12, 2)


@pytest.mark.parametrize("name", SIZES)
def test_the_components_are_what_the_table_says(name: str) -> None:
    """Else run `python -m k8s.sizes`."""
    assert {file.name: file.read_text() for file in folder(name).iterdir()} == component(name)
