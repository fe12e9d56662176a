"""Packages of `torch.export` and AOTInductor, on CPU or CUDA. No compiler is needed to run them."""

from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from serve_app.backends.compiled import CompiledBackend, Key, Run
from serve_app.errors import ArtifactError
from serve_app.manifest import Component, Manifest


def load_aot(folder: Path, manifest: Manifest) -> CompiledBackend:
    """Load every graph of the artifact; a component's shared weights are read once, whatever its number of graphs."""
    device = manifest.device
    if device == "cuda" and not torch.cuda.is_available():
        raise ArtifactError(f"{folder}: was compiled for CUDA, and torch finds no CUDA device here")
    weights = {name: load_file(folder / file, device=device) for name, file in manifest.weights.items()}
    graphs: dict[Key, Run] = {}
    for graph in manifest.graphs:
        graphs[graph.component, graph.size, graph.rows] = _load(folder / graph.file, graph.component, weights)
    return CompiledBackend(folder, manifest, graphs, device)


def _load(path: Path, component: Component, weights: dict[Component, dict[str, Tensor]]) -> Run:
    try:
        model = torch._inductor.aoti_load_package(str(path))
    except RuntimeError as error:
        raise ArtifactError(f"{path}: cannot be loaded: {str(error).splitlines()[0]}") from error
    if component in weights:
        if missing := sorted(set(model.get_constant_fqns()) - set(weights[component])):
            raise ArtifactError(f"{path}: its weights lack {missing[0]}")  # the runtime would crash
        model.load_constants(weights[component], check_full_update=True, user_managed=True)
    run: Run = model
    return run
