"""Inferentia2 through optimum-neuron's artifacts: one process, one chip, two NeuronCores.

The graphs are called directly. The pipeline's own `__call__` ignores the size it is asked for, cannot pad, and fails
for two unguided rows.
"""

import logging
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from serve_app.backends.compiled import CompiledBackend, Key, Run
from serve_app.backends.lanes import OneLane
from serve_app.core import NEURON_CORES, size_name
from serve_app.errors import ArtifactError
from serve_app.manifest import Graph, Manifest

log = logging.getLogger(__name__)

VISIBLE = "NEURON_RT_VISIBLE_CORES"


def load_neuron(folder: Path, manifest: Manifest) -> CompiledBackend:
    """Load every graph onto this process's cores: the UNet onto both, the others onto the first.

    Raises ArtifactError where the process has not been given two cores.
    """
    pin_cores()
    import torch_neuronx  # only now: its runtime reads the variable once
    from optimum.neuron.modeling_traced import NeuronTracedModel

    graphs: dict[Key, Run] = {}
    for graph in manifest.graphs:
        try:
            model = NeuronTracedModel.load_model(folder / graph.file, to_neuron=False)
        except RuntimeError as error:
            raise ArtifactError(f"{folder / graph.file}: cannot be loaded: {str(error).splitlines()[0]}") from error
        if graph.component == "unet":
            model = torch_neuronx.DataParallel(model, list(range(NEURON_CORES)), set_dynamic_batching=False)
        graphs[graph.component, graph.size, graph.rows] = _adapt(graph, model)
    backend = CompiledBackend(folder, manifest, graphs, "cpu", OneLane())
    for size in manifest.sizes:
        for rows in backend.rows(size):
            ms = backend.time_unet(size, rows)  # a graph's first call takes several times as long
            log.info("UNet warmed up", extra={"size": size_name(size), "rows": rows, "ms": round(ms, 1)})
    return backend


def pin_cores() -> None:
    """Sort the cores that Ray gave this process, for the runtime takes only ascending ones, and check their number."""
    given = os.environ.get(VISIBLE, "")  # noqa: TID251  (Ray sets it in the replica; no setting of ours)
    try:
        cores = sorted(int(core) for core in given.split(","))
    except ValueError:
        cores = []
    if len(cores) != NEURON_CORES or cores[0] % NEURON_CORES or cores[1] != cores[0] + 1:
        raise ArtifactError(
            f"{VISIBLE}={given!r}: a replica needs the {NEURON_CORES} cores of one chip, as '0,1'; Ray sets it from "
            "the replica's neuron_cores"
        )
    os.environ[VISIBLE] = ",".join(map(str, cores))  # noqa: TID251


def _adapt(graph: Graph, model: Any) -> Run:
    adapters: Mapping[str, Callable[[Any], Run]] = {
        "text_encoder": _text_encoder,
        "text_encoder_2": _text_encoder_2,
        "unet": lambda model: lambda *inputs: first(model(*inputs), "sample"),
        "vae_encoder": _vae_encoder,
        "vae_decoder": lambda model: lambda latents: first(model(latents), "sample"),
    }
    return adapters[graph.component](model)


def _text_encoder(model: Any) -> Run:
    def run(ids: Tensor) -> Tensor:
        outputs = by_name(model(ids), ["last_hidden_state", "pooler_output", "hidden_states"])
        states: Tensor = outputs["hidden_states"][-2]
        return states

    return run


def _text_encoder_2(model: Any) -> Run:
    def run(ids: Tensor) -> tuple[Tensor, Tensor]:
        outputs = by_name(model(ids), ["text_embeds", "last_hidden_state", "hidden_states"])
        return outputs["hidden_states"][-2], outputs["text_embeds"]

    return run


def _vae_encoder(model: Any) -> Run:
    def run(pixels: Tensor) -> Tensor:
        mean, _ = first(model(pixels), "latent_parameters").chunk(2, dim=1)
        return mean

    return run


def by_name(outputs: Any, names: Sequence[str]) -> Mapping[str, Any]:
    """A graph's outputs: some are traced with names, some in the order of `names`."""
    return outputs if isinstance(outputs, dict) else dict(zip(names, outputs, strict=True))


def first(outputs: Any, name: str) -> Tensor:
    """The one output of a graph, however it is wrapped."""
    if isinstance(outputs, torch.Tensor):
        return outputs
    output: Tensor = by_name(outputs, [name])[name]
    return output
