"""What a compile will do and cost, said before anything long starts."""

from collections.abc import Sequence
from dataclasses import dataclass

from compile.architecture import Architecture, Count
from compile.graphs import GraphSpec, graphs_of
from compile.options import Options
from serve_app.core import NEURON_CORES, size_name

GIB = 1 << 30

NEURON_SECONDS = {
    "text_encoder": (33, 123_060_480),
    "text_encoder_2": (82, 694_659_840),
    "unet": (1026, 2_567_463_684),
    "vae_encoder": (366, 34_163_592),
    "vae_decoder": (693, 49_490_179),
}
"""Seconds of an SDXL compile, 1024x1024, batch 1 (optimum-neuron PR 668, 2024-08), and the parameters compiled."""
NEURON_RAM_PER_UNET_BYTE = (3.5, 6.0)
"""Host memory over float32 weights: 35 GB (optimum-neuron's documentation) to 60 GB (its issue 221) for SDXL."""
NEURON_BYTES_PER_PARAMETER = 3.9 * GIB / 2_567_463_684
"""Of a compiled graph: SDXL's UNet is 3.9 GiB (aws-neuron-samples issue 42)."""
AOT_SECONDS_PER_TENSOR = 0.2
"""One CPU, torch 2.13, the bundled model's UNet: measured 60 to 90 s for 350 tensors."""
AOT_RAM_PER_WEIGHT_BYTE = 4.0
"""Weights, the exported program's copy, and constants on their way into the package."""
BASE_RAM = 2 * GIB
"""Python, torch and the compiler itself."""
SPREAD = (0.7, 1.5)
"""Around an estimated time; other machines and versions differ."""


@dataclass(frozen=True)
class GraphPlan:
    """One graph with its estimates. `ram_bytes` is a range on the compiling host."""

    graph: GraphSpec
    parameters: int
    seconds: float
    ram_bytes: tuple[float, float]
    disk_bytes: float


@dataclass(frozen=True)
class Plan:
    """All graphs of an artifact and what they add up to."""

    options: Options
    graphs: Sequence[GraphPlan]
    jobs: int

    @property
    def seconds(self) -> tuple[float, float]:
        """Range of the whole compile, with `jobs` graphs at a time."""
        total = max(sum(graph.seconds for graph in self.graphs) / self.jobs, max(g.seconds for g in self.graphs))
        return total * SPREAD[0], total * SPREAD[1]

    @property
    def ram_bytes(self) -> tuple[float, float]:
        """Range of the host memory while the largest `jobs` graphs compile together."""
        largest = sorted((graph.ram_bytes for graph in self.graphs), reverse=True)[: self.jobs]
        return sum(low for low, _ in largest), sum(high for _, high in largest)

    @property
    def disk_bytes(self) -> float:
        return sum(graph.disk_bytes for graph in self.graphs)

    @property
    def core_bytes(self) -> tuple[float, float]:
        """Graphs on the first and second NeuronCore of a replica, without activations. The UNet is on both."""
        unet = sum(graph.disk_bytes for graph in self.graphs if graph.graph.component == "unet")
        return self.disk_bytes, unet


def make_plan(options: Options, architecture: Architecture, jobs: int) -> Plan:
    """Estimates for every graph of the options."""
    estimate = _neuron if options.target == "neuron" else _aot
    graphs = [estimate(graph, architecture.components[graph.component], options) for graph in graphs_of(options)]
    return Plan(options, graphs, jobs)


def _neuron(graph: GraphSpec, count: Count, options: Options) -> GraphPlan:
    seconds, parameters = NEURON_SECONDS[graph.component]
    pixels = graph.size[0] * graph.size[1] / 1024**2 if graph.size else 1.0
    batch = max(1, graph.rows // NEURON_CORES)
    low, high = (factor * count.parameters * 4 + BASE_RAM for factor in NEURON_RAM_PER_UNET_BYTE)
    return GraphPlan(
        graph=graph,
        parameters=count.parameters,
        seconds=seconds * count.parameters / parameters * pixels * batch,
        ram_bytes=(low, high),
        disk_bytes=count.parameters * NEURON_BYTES_PER_PARAMETER,
    )


def _aot(graph: GraphSpec, count: Count, options: Options) -> GraphPlan:
    weights = count.parameters * (4 if options.dtype == "float32" else 2)
    ram = AOT_RAM_PER_WEIGHT_BYTE * weights + BASE_RAM
    return GraphPlan(
        graph=graph,
        parameters=count.parameters,
        seconds=AOT_SECONDS_PER_TENSOR * count.tensors,
        ram_bytes=(ram / 2, ram),
        disk_bytes=weights * 1.1,
    )


def plan_text(plan: Plan) -> str:
    """The plan as a table for people."""
    options = plan.options
    lines = [
        f"{options.model} -> {options.output}: {options.target} for {options.device}, {_precision(options)}",
        f"sizes {', '.join(map(size_name, options.sizes))}; UNet rows {', '.join(map(str, options.rows))}",
        "",
        f"{'graph':28}{'parameters':>12}{'compile':>10}{'host memory':>14}{'on disk':>10}",
    ]
    for graph in plan.graphs:
        lines.append(
            f"{graph.graph.name:28}{graph.parameters / 1e6:>10.1f} M{_time(graph.seconds):>10}"
            f"{_range(graph.ram_bytes):>14}{_bytes(graph.disk_bytes):>10}"
        )
    low, high = plan.seconds
    lines += [
        "",
        f"in all: {_time(low)} to {_time(high)} with {plan.jobs} graph(s) at a time, {_range(plan.ram_bytes)} of host "
        f"memory, {_bytes(plan.disk_bytes)} on disk",
    ]
    if options.target == "neuron":
        first, second = plan.core_bytes
        lines.append(
            f"a replica holds {_bytes(first)} of graphs on its first NeuronCore and {_bytes(second)} on its second, of "
            "16 GiB each; activations come on top and are not estimated"
        )
    lines.append("estimates; sources in docs/compile.md")
    return "\n".join(lines)


def _precision(options: Options) -> str:
    if options.target == "neuron":
        cast = "no casts" if options.auto_cast == "none" else f"{options.auto_cast} in {options.auto_cast_type}"
        return f"float32 with {cast}, -O{options.opt_level}"
    return options.dtype


def _time(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


def _bytes(value: float) -> str:
    return f"{value / GIB:.1f} GiB" if value >= GIB / 10 else f"{value / (1 << 20):.0f} MiB"


def _range(values: tuple[float, float]) -> str:
    return f"{values[0] / GIB:.0f}-{values[1] / GIB:.0f} GiB"
