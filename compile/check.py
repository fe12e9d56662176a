"""The checker's own process: `python -m compile.check OPTIONS FOLDER` prints errors and times as one line of JSON."""

import json
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from compile.checkpoint import load_pipeline
from compile.modules import module_of, random_inputs
from compile.options import Options
from serve_app.backends import load_compiled
from serve_app.core import size_name
from serve_app.manifest import read_manifest

BOUNDS = {"float32": 1e-4, "float16": 1e-2, "bfloat16": 5e-2}
"""Greatest relative error (Euclidean norm) of a graph, by the type it computes in."""
SEED = 20_261_123
"""Other inputs than those the graphs were traced with."""
LEAST_CALLS, ENOUGH_S = 5, 2.0


def main(options_json: str, folder: str) -> int:
    options = Options.from_json(json.loads(options_json))
    torch.set_num_threads(options.threads)
    backend = load_compiled(Path(folder), read_manifest(Path(folder)))
    pipeline = load_pipeline(options)
    errors: dict[str, float] = {}
    step_cost: dict[str, dict[int, float]] = {}
    for graph in backend.manifest.graphs:
        inputs = random_inputs(pipeline, graph.component, graph.size, graph.rows, SEED)
        run = backend.graphs[graph.component, graph.size, graph.rows]
        with torch.inference_mode():
            errors[graph.file] = relative_error(run(*inputs), module_of(pipeline, graph.component)(*inputs))
            if graph.component == "unet" and graph.size:
                step_cost.setdefault(size_name(graph.size), {})[graph.rows] = median_ms(run, inputs)
    print(json.dumps({"errors": errors, "step_cost": step_cost, "bound": bound(options)}))  # noqa: T201
    return 0


def bound(options: Options) -> float:
    """What the casts of the options allow."""
    if options.target == "aot":
        return BOUNDS[options.dtype]
    cast = {"bf16": "bfloat16", "fp16": "float16", "tf32": "float16"}[options.auto_cast_type]
    return BOUNDS["float32" if options.auto_cast == "none" else cast]


def relative_error(ours: Any, theirs: Any) -> float:
    """The greatest of the outputs' ||ours - theirs|| / ||theirs||; infinite where anything is not a number."""
    pairs = [(ours, theirs)] if isinstance(theirs, Tensor) else list(zip(ours, theirs, strict=True))
    errors = [float((a - b).norm() / b.norm()) for a, b in pairs]
    return max(error if error == error else float("inf") for error in errors)


def median_ms(run: Callable[..., Tensor], inputs: Sequence[Tensor]) -> float:
    run(*inputs).cpu()
    times: list[float] = []
    while len(times) < LEAST_CALLS or sum(times) < ENOUGH_S:
        began = time.perf_counter()
        run(*inputs).cpu()  # waits for the device
        times.append(time.perf_counter() - began)
    return round(statistics.median(times) * 1000, 3)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
