"""The `aot` target: `torch.export`, then AOTInductor, to one `.pt2` package per graph."""

import shutil
from pathlib import Path
from typing import Any

import torch
from diffusers import StableDiffusionXLPipeline
from torch import nn

from compile.errors import CompileError
from compile.graphs import GraphSpec
from compile.modules import constants_of, module_of, random_inputs
from compile.options import Options

FREEZE_BYTES = 64 << 20
"""Weights of components up to this size are frozen into each graph, faster on a CPU; larger ones are shared."""


def check_toolchain(options: Options) -> None:
    """Raise CompileError, with the package to install, where no C++ compiler is found."""
    if not any(shutil.which(name) for name in ("c++", "g++", "clang++")):
        raise CompileError("the aot target needs a C++ compiler: install the package g++ (apt-get install g++)")
    if options.device == "cuda" and not torch.cuda.is_available():
        raise CompileError("--device cuda: torch finds no CUDA device here; allowed: cpu")


def is_frozen(module: nn.Module) -> bool:
    return weight_bytes(module) <= FREEZE_BYTES


def weight_bytes(module: nn.Module) -> int:
    return sum(tensor.nbytes for tensor in constants_of(module).values())


def compile_aot(pipeline: StableDiffusionXLPipeline, graph: GraphSpec, options: Options, output: Path) -> None:
    """Write the graph's package to `output`, a path that ends in .pt2."""
    module = module_of(pipeline, graph.component)
    inputs = random_inputs(pipeline, graph.component, graph.size, graph.rows, seed=0)
    with torch.no_grad():
        program = torch.export.export(module, tuple(inputs))
        torch._inductor.aoti_compile_and_package(
            program, package_path=str(output), inductor_configs=_inductor_options(is_frozen(module), options)
        )


def _inductor_options(frozen: bool, options: Options) -> dict[str, Any]:
    if frozen and options.device == "cpu":
        return {"freezing": True}  # weights laid out for the CPU's kernels, in every graph
    if frozen:
        return {}
    return {"aot_inductor.package_constants_in_so": False}
