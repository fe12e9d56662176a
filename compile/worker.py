"""One graph in a process of its own: `python -m compile.worker JSON`. Memory and monkey patches end with it."""

import json
import sys
from pathlib import Path

from compile.checkpoint import load_pipeline
from compile.errors import CompileError
from compile.graphs import GraphSpec
from compile.options import Options


def main(job: str) -> int:
    values = json.loads(job)
    options, graph, output = Options.from_json(values["options"]), _graph(values["graph"]), Path(values["output"])
    try:
        pipeline = load_pipeline(options)
        if options.target == "aot":
            from compile.aot import compile_aot

            compile_aot(pipeline, graph, options, output)
        else:
            from compile.neuron import compile_neuron

            compile_neuron(pipeline, graph, options, output)
    except CompileError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201
        return error.exit_code
    return 0


def _graph(values: dict[str, object]) -> GraphSpec:
    size = values["size"]
    return GraphSpec(
        component=values["component"],  # type: ignore[arg-type]  # the parent process wrote it
        size=(size[0], size[1]) if isinstance(size, list) else None,
        rows=int(str(values["rows"])),
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
