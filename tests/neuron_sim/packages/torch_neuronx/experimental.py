"""Placement by core number."""

from typing import Any

from torch_neuronx.record import record


def set_neuron_cores(model: Any, start_nc: int = -1, nc_count: int = -1) -> None:
    record("set_neuron_cores", start_nc=start_nc, nc_count=nc_count)
