"""Packages of `torch.export` and AOTInductor, on CPU or CUDA. No compiler is needed to run them."""

from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from serve_app.backends.aoti import CpuPackage
from serve_app.backends.compiled import CompiledBackend, Key, Run
from serve_app.backends.lanes import Lanes, OneLane
from serve_app.errors import ArtifactError
from serve_app.manifest import Manifest


def load_aot(folder: Path, manifest: Manifest, threads: int = 1) -> CompiledBackend:
    """Load every graph of the artifact; a component's shared weights are read once, whatever its number of graphs.

    On a CPU as many calls run beside each other as `threads` has room for.
    """
    device = manifest.device
    if device == "cuda" and not torch.cuda.is_available():
        raise ArtifactError(f"{folder}: was compiled for CUDA, and torch finds no CUDA device here")
    lanes = Lanes(max(1, threads // manifest.threads), manifest.threads) if device == "cpu" else OneLane()
    weights = {name: load_file(folder / file, device=device) for name, file in manifest.weights.items()}
    graphs: dict[Key, Run] = {}
    for graph in manifest.graphs:
        path = folder / graph.file
        try:
            run = _load(path, weights.get(graph.component), lanes.count, device)
        except RuntimeError as error:
            raise ArtifactError(f"{path}: cannot be loaded: {str(error).splitlines()[0]}") from error
        graphs[graph.component, graph.size, graph.rows] = run
    return CompiledBackend(folder, manifest, graphs, device, lanes)


def _load(path: Path, weights: dict[str, Tensor] | None, lanes: int, device: str) -> Run:
    if device == "cpu":
        package = CpuPackage(path, lanes)
        if weights is not None:
            package.use_weights(weights)
        return package
    model = torch._inductor.aoti_load_package(str(path))  # holds Python's lock only while it launches kernels
    if weights is not None:
        if missing := sorted(set(model.get_constant_fqns()) - set(weights)):
            raise RuntimeError(f"its weights lack {missing[0]}")  # the runtime would crash
        model.load_constants(weights, check_full_update=True, user_managed=True)
    run: Run = model
    return run
