"""The `neuron` target: optimum-neuron's own exporter, one component at a time, in the worker: it patches diffusers."""

import importlib.util
import tempfile
from pathlib import Path

from diffusers import StableDiffusionXLPipeline

from compile.errors import CompileError
from compile.graphs import GraphSpec
from compile.options import Options
from serve_app.core import NEURON_CORES


def check_toolchain(options: Options) -> None:
    """Raise CompileError where the Neuron compiler is missing. It is x86 software and needs no device."""
    for package in ("optimum.neuron", "torch_neuronx", "neuronxcc"):
        if not _is_installed(package):
            raise CompileError(
                f"the neuron target needs {package}, which is not installed here: compile in the image of "
                "docker/compile.Dockerfile, on any x86 machine"
            )


def _is_installed(package: str) -> bool:
    try:
        return importlib.util.find_spec(package) is not None
    except ModuleNotFoundError:  # its parent
        return False


def compile_neuron(pipeline: StableDiffusionXLPipeline, graph: GraphSpec, options: Options, output: Path) -> None:
    """Write the graph's folder to `output`: `model.neuron` and the exporter's `config.json`.

    Weights are always inlined: the exporter's separation is broken for SDXL's UNet and slower for the others.
    """
    from optimum.exporters.neuron.__main__ import get_submodels_and_neuron_configs, normalize_diffusers_input_shapes
    from optimum.exporters.neuron.convert import export_models
    from optimum.neuron.utils.instance import align_compilation_target

    align_compilation_target(options.device, override=True)
    _name_components(pipeline)
    width, height = graph.size or options.sizes[0]  # the text encoders ask for a size and ignore it
    shapes = {"batch_size": max(1, graph.rows // NEURON_CORES), "height": height, "width": width}  # rows of one core
    with tempfile.TemporaryDirectory() as unused:  # tokenizers and configs, which the artifact has once
        models, _ = get_submodels_and_neuron_configs(
            model=pipeline,
            input_shapes=normalize_diffusers_input_shapes(shapes),
            task="text-to-image",
            output=Path(unused),
            library_name="diffusers",
        )
    cast = None if options.auto_cast == "none" else options.auto_cast
    export_models(
        models_and_neuron_configs={graph.component: models[graph.component]},
        task="text-to-image",
        output_dir=output,
        disable_neuron_cache=True,  # it would ask a hub, and fail without one
        inline_weights_to_neff=True,
        optlevel=options.opt_level,
        output_file_names={graph.component: "model.neuron"},
        compiler_kwargs={
            "auto_cast": cast,
            "auto_cast_type": cast and options.auto_cast_type,
            "instance_type": options.device,
        },
    )


def _name_components(pipeline: StableDiffusionXLPipeline) -> None:
    """The exporter chooses compiler flags by these words in a component's path, which for us may be any path."""
    for name in ("text_encoder", "text_encoder_2"):
        getattr(pipeline, name).config._name_or_path = name
    for name in ("unet", "vae"):
        getattr(pipeline, name).register_to_config(_name_or_path=name)
