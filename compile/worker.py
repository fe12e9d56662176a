"""One graph in a process of its own: its memory, its monkey patches and its compilers end with it."""

import os
import sys
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path

from compile.errors import CompileError
from compile.graphs import GraphSpec
from compile.options import Options

PRELOADED = {
    "aot": ["compile.checkpoint", "compile.aot"],
    "neuron": ["compile.checkpoint", "compile.neuron", "optimum.exporters.neuron.__main__"],
}
"""Imported once, in the process that workers are forked from: ten seconds that each of them would spend."""


def start_worker(options: Options, graph: GraphSpec, output: Path, log: Path) -> BaseProcess:
    """Begin to compile `graph` to `output`; whatever is printed goes to `log`. The exit code is 0 if it is whole."""
    context = get_context("forkserver")
    context.set_forkserver_preload(PRELOADED[options.target])
    process = context.Process(target=work, args=(options, graph, output, log))
    process.start()
    return process


def work(options: Options, graph: GraphSpec, output: Path, log: Path) -> None:
    """The worker itself, at the head of a process group that its compilers belong to."""
    os.setsid()
    with log.open("wb") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    import torch

    from compile.checkpoint import load_pipeline

    torch.set_num_threads(options.threads)  # the compiler writes loops for so many
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
        sys.exit(error.exit_code)
