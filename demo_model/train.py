"""Train the bundled model from nothing: `python -m demo_model.train`. About an hour and a half on two CPU cores.

Stages: draw the scenes, train the autoencoder, encode the scenes, train the denoiser with its text towers, export.
Every stage is seeded and goes on from its last checkpoint in `--work`.
"""

import argparse
from pathlib import Path

import torch
from diffusers import AutoencoderKL, StableDiffusionXLPipeline
from torch import Tensor, nn
from tqdm import trange
from transformers import CLIPTokenizer

from demo_model.captions import build_tokenizer
from demo_model.dataset import WORDINGS, Dataset, draw_dataset
from demo_model.networks import TIME_IDS, autoencoder, noise_schedule, text_encoders, unet
from demo_model.trainer import Recipe, fit

WEIGHTS = Path(__file__).parent / "weights"
KL_WEIGHT = 2e-6
OBJECT_WEIGHT = 6.0
"""Extra weight of pixels that differ from their row's median, which are those of the objects."""
FIRST_LOGVAR = -6.0
MAX_SNR = 5.0
EMPTY_CAPTIONS = 0.12
CROP = 64


def _batch(pixels: Tensor, count: int, crop: int, device: torch.device) -> Tensor:
    """`count` pictures in -1..1; where `crop` is smaller than a picture, crops at one random corner below the sky."""
    chosen = pixels[torch.randint(len(pixels), (count,))]
    room = pixels.shape[-1] - crop
    x, y = (int(torch.randint(room + 1, ())) for _ in range(2))
    chosen = chosen[..., y : y + crop, x : x + crop]
    return (chosen.to(device).float() / 127.5 - 1).contiguous(memory_format=torch.channels_last)


def reconstruction_loss(vae: AutoencoderKL, pictures: Tensor) -> Tensor:
    """Weighted L1 + L1 of the gradients + a small KL term."""
    posterior = vae.encode(pictures).latent_dist
    error = vae.decode(posterior.sample()).sample - pictures
    difference = (pictures - pictures.median(3, keepdim=True).values).abs().amax(1, keepdim=True)
    weight = 1 + OBJECT_WEIGHT * (difference > 0.1).float()
    level = (error.abs() * weight).mean() / weight.mean()
    edges = error.diff(dim=3).abs().mean() + error.diff(dim=2).abs().mean()
    kl = 0.5 * (posterior.mean**2 + posterior.var - 1 - posterior.logvar).mean()
    loss: Tensor = level + edges + KL_WEIGHT * kl
    return loss


def train_autoencoder(data: Dataset, args: argparse.Namespace) -> AutoencoderKL:
    """Four fifths of the steps on crops, which cost a quarter each; the rest on whole pictures.

    Not compiled: with torch 2.13 on CPU the compiled bfloat16 backward pass did not learn (loss 0.67, eager 0.43).
    """
    torch.manual_seed(args.seed)
    vae = autoencoder().to(args.device).to(memory_format=torch.channels_last)
    with torch.no_grad():  # at the usual start the posterior's noise (std 1) drowns its mean and nothing is learned
        vae.quant_conv.bias[vae.config.latent_channels :] = FIRST_LOGVAR

    def loss(step: int) -> Tensor:
        size = CROP if step < 0.8 * args.vae_steps else data.pixels.shape[-1]
        with torch.autocast(args.device.type, torch.bfloat16):
            return reconstruction_loss(vae, _batch(data.pixels, 8, size, args.device))

    fit(Recipe("autoencoder", args.vae_steps, 2e-3, 0.0, args.seed), nn.ModuleList([vae]), loss, args.work)
    return vae.eval()


@torch.inference_mode()
def encode(vae: AutoencoderKL, data: Dataset, device: torch.device) -> Tensor:
    """The mean latents of every picture, float32 [N, 4, 16, 16], not yet scaled."""
    parts = []
    for i in trange(0, len(data.pixels), 64, desc="encoding scenes"):
        pictures = data.pixels[i : i + 64].to(device).float() / 127.5 - 1
        parts.append(vae.encode(pictures).latent_dist.mean)
    return torch.cat(parts).clone()


def train_denoiser(latents: Tensor, data: Dataset, tokenizer: CLIPTokenizer, args: argparse.Namespace) -> nn.ModuleList:
    """The UNet and both text towers together, on noise prediction with min-SNR weights. Returns all three."""
    torch.manual_seed(args.seed + 1)
    denoiser = unet().to(memory_format=torch.channels_last)
    text, text_2 = text_encoders(tokenizer)
    networks = nn.ModuleList([denoiser, text, text_2]).to(args.device)
    alphas = noise_schedule().alphas_cumprod.to(args.device)
    snr = alphas / (1 - alphas)
    empty = tokenizer("", padding="max_length", return_tensors="pt").input_ids[0]
    time_ids = torch.tensor([TIME_IDS], dtype=torch.float32, device=args.device).expand(args.batch, -1)

    def predict(noisy: Tensor, t: Tensor, tokens: Tensor) -> Tensor:
        first = text(tokens, output_hidden_states=True).hidden_states[-2]
        second = text_2(tokens, output_hidden_states=True)
        states = torch.cat([first, second.hidden_states[-2]], dim=-1)
        pooled = {"text_embeds": second.text_embeds, "time_ids": time_ids}
        sample: Tensor = denoiser(noisy, t, states, added_cond_kwargs=pooled).sample
        return sample

    def loss(step: int) -> Tensor:
        chosen = torch.randint(len(latents), (args.batch,))
        tokens = data.tokens[chosen, torch.randint(WORDINGS, (args.batch,))]
        tokens[torch.rand(args.batch) < EMPTY_CAPTIONS] = empty
        clean = latents[chosen.to(latents.device)].contiguous(memory_format=torch.channels_last)
        noise = torch.randn_like(clean)
        t = torch.randint(len(alphas), (args.batch,), device=args.device)
        level = alphas[t].view(-1, 1, 1, 1)
        with torch.autocast(args.device.type, torch.bfloat16, enabled=args.device.type == "cuda"):  # slower on a CPU
            predicted = predict(level.sqrt() * clean + (1 - level).sqrt() * noise, t, tokens.to(args.device))
        weight = snr[t].clamp(max=MAX_SNR) / snr[t]
        weighted: Tensor = (predicted.float() - noise).square().mean((1, 2, 3)) * weight
        return weighted.mean()

    fit(Recipe("denoiser", args.steps, 1e-3, 1e-3, args.seed), networks, loss, args.work)
    return networks.eval()


def export(vae: AutoencoderKL, scale: float, networks: nn.ModuleList, tokenizer: CLIPTokenizer, folder: Path) -> None:
    """Write the pipeline in diffusers layout, float16."""
    vae.register_to_config(scaling_factor=scale)
    denoiser, text, text_2 = networks
    pipeline = StableDiffusionXLPipeline(
        vae=vae,
        text_encoder=text,
        text_encoder_2=text_2,
        tokenizer=tokenizer,
        tokenizer_2=tokenizer,
        unet=denoiser,
        scheduler=noise_schedule(),
        force_zeros_for_empty_prompt=False,  # the empty caption was trained as words are
        add_watermarker=False,
    )
    pipeline.to(dtype=torch.float16).save_pretrained(folder)


def parse(argv: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m demo_model.train", description=__doc__.split("\n")[0])
    parser.add_argument("--output", type=Path, default=WEIGHTS)
    parser.add_argument("--work", type=Path, default=Path("build/demo_model"), help="checkpoints")
    parser.add_argument("--scenes", type=int, default=24_000)
    parser.add_argument("--vae-steps", type=int, default=8_000)
    parser.add_argument("--steps", type=int, default=3_250)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", type=torch.device, default="cuda" if torch.cuda.is_available() else "cpu")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    """Run every stage."""
    args = parse(argv)
    kept = args.work / "tokenizer"
    tokenizer = CLIPTokenizer.from_pretrained(kept) if kept.exists() else build_tokenizer(kept)
    data = draw_dataset(args.scenes, tokenizer, args.seed)
    vae = train_autoencoder(data, args)
    latents = encode(vae, data, args.device)
    scale = 1 / latents.std().item()
    networks = train_denoiser(latents * scale, data, tokenizer, args)
    export(vae, scale, networks, tokenizer, args.output)
    print(f"wrote {args.output}; now: python -m demo_model.evaluate")  # noqa: T201


if __name__ == "__main__":
    main()
