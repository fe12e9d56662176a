"""A checkpoint in SDXL's form with random weights, so small that compiling it takes seconds."""

import shutil
from pathlib import Path

import torch
from diffusers import AutoencoderKL, StableDiffusionXLPipeline, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection


def write_micro(weights: Path, folder: Path) -> Path:
    """Save it, with the tokenizers and the scheduler of the bundled model."""
    torch.manual_seed(0)
    bundled = StableDiffusionXLPipeline.from_pretrained(weights, local_files_only=True, add_watermarker=False)
    text = {
        "hidden_size": 16,
        "intermediate_size": 32,
        "num_attention_heads": 2,
        "num_hidden_layers": 2,
        "projection_dim": 16,
        "vocab_size": bundled.text_encoder.config.vocab_size,
        "max_position_embeddings": bundled.text_encoder.config.max_position_embeddings,
        "bos_token_id": bundled.text_encoder.config.bos_token_id,
        "eos_token_id": bundled.text_encoder.config.eos_token_id,
    }
    bundled.text_encoder = CLIPTextModel(CLIPTextConfig(**text))
    bundled.text_encoder_2 = CLIPTextModelWithProjection(CLIPTextConfig(**text))
    bundled.unet = UNet2DConditionModel(
        sample_size=4,
        block_out_channels=(16, 16),
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        layers_per_block=1,
        attention_head_dim=(2, 2),
        norm_num_groups=8,
        cross_attention_dim=32,
        addition_embed_type="text_time",
        addition_time_embed_dim=8,
        projection_class_embeddings_input_dim=6 * 8 + 16,
        use_linear_projection=True,
        transformer_layers_per_block=1,
    )
    bundled.vae = AutoencoderKL(
        block_out_channels=(8, 8, 8, 8),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        layers_per_block=1,
        norm_num_groups=4,
        latent_channels=4,
        sample_size=32,
        force_upcast=False,
    )
    bundled.save_pretrained(folder)
    shutil.copytree(weights / "tokenizer_2", folder / "tokenizer_2", dirs_exist_ok=True)
    return folder
