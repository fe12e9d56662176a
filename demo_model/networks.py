"""The five networks and the noise schedule of the bundled model: SDXL's layout at 6.6 million parameters."""

from diffusers import AutoencoderKL, EulerDiscreteScheduler, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

from demo_model.captions import MAX_TOKENS
from demo_model.scenes import SIZE

TEXT_WIDTH = 64
TIME_WIDTH = 16
TIME_IDS = (SIZE, SIZE, 0, 0, SIZE, SIZE)
"""SDXL's micro-conditioning: original size, crop corner, target size."""


def autoencoder(scaling_factor: float = 1.0) -> AutoencoderKL:
    """128 x 128 x 3 to 16 x 16 x 4; three channels per normalisation group, for with one each colour is lost."""
    return AutoencoderKL(
        block_out_channels=(12, 24, 48, 64),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        layers_per_block=1,
        latent_channels=4,
        norm_num_groups=4,
        sample_size=SIZE,
        mid_block_add_attention=False,
        scaling_factor=scaling_factor,
        force_upcast=False,
    )


def text_config(tokenizer: CLIPTokenizer) -> CLIPTextConfig:
    """A CLIP text tower of three layers for the tokenizer's vocabulary."""
    return CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=TEXT_WIDTH,
        intermediate_size=4 * TEXT_WIDTH,
        num_hidden_layers=3,
        num_attention_heads=4,
        max_position_embeddings=MAX_TOKENS,
        projection_dim=TEXT_WIDTH,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )


def text_encoders(tokenizer: CLIPTokenizer) -> tuple[CLIPTextModel, CLIPTextModelWithProjection]:
    """SDXL's two text towers, the second with a projection."""
    return CLIPTextModel(text_config(tokenizer)), CLIPTextModelWithProjection(text_config(tokenizer))


def unet() -> UNet2DConditionModel:
    """The denoiser of 16 x 16 x 4 latents, with SDXL's pooled-text and time-id embedding."""
    return UNet2DConditionModel(
        sample_size=SIZE // 8,
        layers_per_block=1,
        block_out_channels=(48, 96, 128),
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        attention_head_dim=(2, 4, 4),
        use_linear_projection=True,
        cross_attention_dim=2 * TEXT_WIDTH,
        addition_embed_type="text_time",
        addition_time_embed_dim=TIME_WIDTH,
        projection_class_embeddings_input_dim=TEXT_WIDTH + len(TIME_IDS) * TIME_WIDTH,
        norm_num_groups=8,
    )


def noise_schedule() -> EulerDiscreteScheduler:
    """Stable Diffusion's scaled-linear betas; trailing spacing so that few steps still start from pure noise."""
    return EulerDiscreteScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", timestep_spacing="trailing"
    )
