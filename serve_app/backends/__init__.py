"""The machines that can run the networks, loaded only when asked for."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from serve_app.manifest import Manifest, is_artifact, verify
from serve_app.settings import Settings

if TYPE_CHECKING:
    from serve_app.backends.base import Backend
    from serve_app.backends.compiled import CompiledBackend


def _aot(folder: Path, manifest: Manifest, threads: int) -> "CompiledBackend":
    from serve_app.backends.aot import load_aot

    return load_aot(folder, manifest, threads)


def _neuron(folder: Path, manifest: Manifest, threads: int) -> "CompiledBackend":
    from serve_app.backends.neuron import load_neuron

    return load_neuron(folder, manifest)


COMPILED: Mapping[str, Callable[[Path, Manifest, int], "CompiledBackend"]] = {"aot": _aot, "neuron": _neuron}


def load_compiled(folder: Path, manifest: Manifest, threads: int = 1) -> "CompiledBackend":
    """Load an artifact whose files have been verified; where it runs on a CPU, on so many threads."""
    return COMPILED[manifest.backend](folder, manifest, threads)


def load_backend(folder: Path, settings: Settings) -> "Backend":
    """Load the model in `folder`: an artifact on the backend its manifest names, a checkpoint eagerly.

    Of an artifact only the sizes that are served are loaded.
    """
    if is_artifact(folder):
        manifest = verify(folder)
        return load_compiled(folder, manifest.of_sizes(settings.picture_sizes or manifest.sizes), _threads(settings))
    from serve_app.backends.eager import EagerBackend

    return EagerBackend.load(folder, settings.device, settings.dtype, settings.max_rows)


def _threads(settings: Settings) -> int:
    """As set, else this machine's CPUs, shared by the replicas that may come to it."""
    return settings.threads or (os.cpu_count() or 1) // max(settings.replicas, settings.max_replicas)
