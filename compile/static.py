"""The parts of an artifact that need no compiler: configs, tokenizers, and the weights that graphs share."""

import json
import shutil
from pathlib import Path

from safetensors.torch import save_file

from compile.aot import is_frozen
from compile.checkpoint import load_pipeline
from compile.modules import constants_of, module_of
from compile.options import Options
from serve_app.manifest import Component
from serve_app.registry import find_model

COMPONENTS: tuple[Component, ...] = ("text_encoder", "text_encoder_2", "unet", "vae_encoder", "vae_decoder")


def write_static(options: Options, folder: Path) -> dict[Component, str]:
    """Copy the checkpoint's small files and save shared weights; return their files by component."""
    source = find_model(options.model)
    shutil.rmtree(folder / "unfinished", ignore_errors=True)
    shutil.copy2(source / "model_index.json", folder)
    for name in ("tokenizer", "tokenizer_2", "scheduler"):
        shutil.copytree(source / name, folder / name, dirs_exist_ok=True)
    pipeline = load_pipeline(options)
    pipeline.scheduler.save_config(folder / "scheduler")
    for name in ("text_encoder", "text_encoder_2", "unet", "vae"):
        config = getattr(pipeline, name).config
        values = config.to_dict() if name.startswith("text") else dict(config)
        values.pop("_name_or_path", None)  # a path of this machine
        (folder / name).mkdir(exist_ok=True)
        (folder / name / "config.json").write_text(json.dumps(values, indent=2, sort_keys=True, default=str))
    if options.target == "neuron":
        return {}
    files: dict[Component, str] = {}
    for component in COMPONENTS:
        module = module_of(pipeline, component)
        if not is_frozen(module):
            (folder / "weights").mkdir(exist_ok=True)
            files[component] = f"weights/{component}.safetensors"
            tensors = {name: tensor.detach().contiguous().cpu() for name, tensor in constants_of(module).items()}
            save_file(tensors, folder / files[component])
    return files
