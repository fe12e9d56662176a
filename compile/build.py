"""From options to a finished artifact: compile what is missing, write the manifest, check, rename."""

import os
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from compile import aot, neuron
from compile.architecture import read_architecture
from compile.checker import check_graphs
from compile.errors import UsageError
from compile.events import Events
from compile.graphs import GraphSpec, graph_key, graphs_of
from compile.options import Options
from compile.plan import Plan, make_plan
from compile.pool import compile_graphs, key_file
from compile.static import write_static
from serve_app.core import size_name
from serve_app.manifest import (
    FILE,
    Component,
    Graph,
    Manifest,
    cpu_flags,
    hash_file,
    installed,
    is_artifact,
    read_manifest,
)
from serve_app.registry import find_model, revision_of

TOOLS = {
    "aot": ("torch", "diffusers", "transformers"),
    "neuron": ("neuronx-cc", "torch-neuronx", "optimum-neuron", "torch", "diffusers", "transformers"),
}


def build(options: Options, plan: Plan, events: Events, reuse: Path | None, check: bool) -> None:
    """Compile into `<output>.partial` and rename it when it is whole. A second run goes on where the first ended.

    Raises CompileError. `reuse` is a finished artifact whose graphs are taken where nothing about them has changed.
    """
    output = Path(options.output)
    if output.exists():
        raise UsageError(f"--output {output}: exists; an artifact is never changed, name a new folder")
    {"aot": aot, "neuron": neuron}[options.target].check_toolchain(options)
    revision = revision_of(find_model(options.model))
    tools = {name: installed(name) or "none" for name in TOOLS[options.target]}
    keys = {graph: graph_key(graph, options, revision, tools) for graph in graphs_of(options)}
    partial = output.with_name(output.name + ".partial")
    (partial / "graphs").mkdir(parents=True, exist_ok=True)
    _forget_others(partial, keys)
    if reuse:
        _reuse(reuse, partial, keys)
    compile_graphs(options, plan, keys, partial, events)
    weights = write_static(options, partial)
    manifest = _manifest(options, revision, tools, keys, weights, partial)
    (partial / FILE).write_text(manifest.model_dump_json(indent=2))
    if check:
        manifest = check_graphs(options, manifest, partial, events)
        (partial / FILE).write_text(manifest.model_dump_json(indent=2))
    for path in (partial / "graphs").glob("*.key"):
        path.unlink()
    partial.rename(output)


def plan_of(options: Options, jobs: int | None) -> tuple[Options, Plan]:
    """Options with the model's own size filled in where none was asked for, and their plan. Raises UsageError.

    Without `jobs`, as many graphs at a time as there are CPUs and as the largest would fit into memory.
    """
    architecture = read_architecture(options.model, options.vae)
    if not options.sizes:
        options = replace(options, sizes=(architecture.own_size,))
    for size in options.sizes:
        if size[0] % architecture.vae_scale or size[1] % architecture.vae_scale:
            raise UsageError(f"--size {size_name(size)}: allowed: multiples of {architecture.vae_scale}")
    plan = make_plan(options, architecture, jobs or 1)
    return options, plan if jobs else replace(plan, jobs=_fitting_jobs(plan))


def _fitting_jobs(plan: Plan) -> int:
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return max(1, min(os.cpu_count() or 1, int(memory / plan.ram_bytes[1])))


def graph_path(folder: Path, graph: GraphSpec, target: str) -> Path:
    """Where a graph lies: a package for aot, a folder for Neuron."""
    return folder / "graphs" / (f"{graph.name}.pt2" if target == "aot" else graph.name)


def _forget_others(partial: Path, keys: Mapping[GraphSpec, str]) -> None:
    """Remove what an earlier run with other options left behind."""
    wanted = {graph.name: key for graph, key in keys.items()}
    for path in (partial / "graphs").glob("*.key"):
        if wanted.get(path.stem) != path.read_text():
            path.unlink()
    kept = {path.stem for path in (partial / "graphs").glob("*.key")}
    for path in (partial / "graphs").iterdir():
        if path.name.removesuffix(".pt2").removesuffix(".key") not in kept:
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def _reuse(source: Path, partial: Path, keys: Mapping[GraphSpec, str]) -> None:
    if not is_artifact(source):
        raise UsageError(f"--reuse {source}: is no artifact; allowed: a folder with {FILE}")
    manifest = read_manifest(source)
    finished = {graph.key: source / graph.file for graph in manifest.graphs}
    for graph, key in keys.items():
        if key in finished and not key_file(partial, graph).exists():
            path = graph_path(partial, graph, manifest.backend)
            if path.suffix:
                shutil.copy2(finished[key], path)
            else:
                shutil.copytree(finished[key].parent, path)
            key_file(partial, graph).write_text(key)


def _manifest(
    options: Options,
    revision: str,
    tools: Mapping[str, str],
    keys: Mapping[GraphSpec, str],
    weights: Mapping[Component, str],
    folder: Path,
) -> Manifest:
    graphs = []
    for graph, key in keys.items():
        path = graph_path(folder, graph, options.target)
        file = path if path.suffix else path / "model.neuron"
        name = str(file.relative_to(folder))
        graphs.append(Graph(component=graph.component, size=graph.size, rows=graph.rows, file=name, key=key))
    paths = sorted(p for p in folder.rglob("*") if p.is_file() and p.suffix != ".key" and p.name != FILE)
    files = {str(path.relative_to(folder)): hash_file(path) for path in paths}
    loaded = {graph.file for graph in graphs} | set(weights.values())
    return Manifest(
        backend=options.target,
        device=options.device,
        model=options.model,
        revision=revision,
        sizes=options.sizes,
        rows=options.rows,
        dtype=options.dtype,
        options=_described(options),
        tools=tools,
        threads=options.threads if options.device == "cpu" else 1,
        cpu_flags=tuple(sorted(cpu_flags())) if options.target == "aot" else (),
        weights=weights,
        graphs=tuple(graphs),
        memory_bytes=sum(files[name].bytes for name in loaded),
        files=files,
    )


def _described(options: Options) -> dict[str, str]:
    described = {f"lora_{i}": f"{Path(lora.path).name}:{lora.scale:g}" for i, lora in enumerate(options.loras)}
    described |= {name: value for name in ("vae", "scheduler") if (value := getattr(options, name))}
    if options.target == "neuron":
        described |= {name: getattr(options, name) for name in ("auto_cast", "auto_cast_type", "opt_level")}
    return described
