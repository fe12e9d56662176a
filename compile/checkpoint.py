"""The checkpoint to compile, with its LoRAs fused and its autoencoder or scheduler replaced."""

from pathlib import Path

import torch
from diffusers import AutoencoderKL, StableDiffusionXLPipeline

from compile.errors import CompileError
from compile.options import Lora, Options
from serve_app.engine.samplers import diffusers_scheduler
from serve_app.registry import find_model


def load_pipeline(options: Options) -> StableDiffusionXLPipeline:
    """The pipeline as it is to be compiled, on CUDA for a CUDA artifact and else on the CPU. Raises CompileError."""
    dtype = getattr(torch, options.dtype)
    pipeline = StableDiffusionXLPipeline.from_pretrained(
        find_model(options.model), torch_dtype=dtype, local_files_only=True, add_watermarker=False
    )
    pipeline.set_progress_bar_config(disable=True)
    if options.vae:
        pipeline.vae = _load_vae(options.vae, dtype)
    if options.loras:
        _fuse(pipeline, options.loras)
    if options.scheduler:
        pipeline.scheduler = diffusers_scheduler(options.scheduler, pipeline.scheduler.config)
    if options.dtype == "float16" and pipeline.vae.config.force_upcast:
        pipeline.vae.to(dtype=torch.float32)
    return pipeline.to("cuda" if options.device == "cuda" else "cpu")


def _load_vae(name: str, dtype: torch.dtype) -> AutoencoderKL:
    try:
        return AutoencoderKL.from_pretrained(name, torch_dtype=dtype)
    except (OSError, ValueError) as error:
        raise CompileError(f"--vae {name}: cannot be loaded: {str(error).splitlines()[0]}") from error


def _fuse(pipeline: StableDiffusionXLPipeline, loras: tuple[Lora, ...]) -> None:
    names = [f"lora{i}" for i in range(len(loras))]
    for name, lora in zip(names, loras, strict=True):
        path = Path(lora.path)
        try:
            pipeline.load_lora_weights(path.parent, weight_name=path.name, adapter_name=name)
        except (OSError, ValueError, KeyError) as error:
            raise CompileError(f"--lora {path}: cannot be loaded: {str(error).splitlines()[0]}") from error
    pipeline.set_adapters(names, adapter_weights=[lora.scale for lora in loras])
    pipeline.fuse_lora(adapter_names=names)
    pipeline.unload_lora_weights()
