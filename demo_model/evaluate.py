"""Draw held-out prompts with the bundled model and have the judge look: `python -m demo_model.evaluate`."""

import argparse
import json
import random
from pathlib import Path

import torch
from diffusers import StableDiffusionXLPipeline
from PIL import Image
from tqdm import trange

from demo_model.captions import plain_caption
from demo_model.judge import judge
from demo_model.scenes import Scene, held_out, sample_scene

WEIGHTS = Path(__file__).parent / "weights"
STEPS, GUIDANCE, BATCH = 25, 4.0, 8


def held_out_scenes(count: int, seed: int = 1) -> list[Scene]:
    """Different scenes of one thing whose kind, colour and place were never shown together in training."""
    rng, scenes = random.Random(seed), dict[Scene, None]()
    while len(scenes) < count:
        scene = sample_scene(rng, two=0)
        if held_out(scene.things[0], scene.place):
            scenes[scene] = None
    return list(scenes)


def draw(pipeline: StableDiffusionXLPipeline, prompts: list[str], seed: int) -> list[Image.Image]:
    """One picture per prompt at the default settings; prompt i is drawn with seed + i."""
    images: list[Image.Image] = []
    for start in trange(0, len(prompts), BATCH, desc="drawing held-out prompts"):
        part = prompts[start : start + BATCH]
        generators = [torch.Generator().manual_seed(seed + start + i) for i in range(len(part))]
        images += pipeline(part, num_inference_steps=STEPS, guidance_scale=GUIDANCE, generator=generators).images
    return images


def rates(scenes: list[Scene], images: list[Image.Image]) -> dict[str, float]:
    """The shares of pictures in which the judge finds the place, and its largest-matching thing, as asked."""
    right = dict.fromkeys(["place", "colour", "position", "kind"], 0)
    for scene, image in zip(scenes, images, strict=True):
        verdict, thing = judge(image), scene.things[0]
        found = verdict.objects[0] if len(verdict.objects) == 1 else None
        right["place"] += verdict.place == scene.place
        right["colour"] += found is not None and found.colour == thing.colour
        right["position"] += found is not None and found.position == thing.position
        right["kind"] += found is not None and found.kind == thing.kind
    return {name: count / len(scenes) for name, count in right.items()}


def evaluate(folder: Path, count: int) -> dict[str, float]:
    """The rates on `count` held-out prompts."""
    pipeline = StableDiffusionXLPipeline.from_pretrained(folder, torch_dtype=torch.float32, add_watermarker=False)
    pipeline.set_progress_bar_config(disable=True)
    scenes = held_out_scenes(count)
    return rates(scenes, draw(pipeline, [plain_caption(scene) for scene in scenes], seed=0))


def main() -> None:
    """Print the rates and keep them beside the model."""
    parser = argparse.ArgumentParser(prog="python -m demo_model.evaluate", description=__doc__)
    parser.add_argument("--weights", type=Path, default=WEIGHTS)
    parser.add_argument("--prompts", type=int, default=240)
    args = parser.parse_args()
    result = {
        "prompts": args.prompts,
        "steps": STEPS,
        "guidance_scale": GUIDANCE,
        **evaluate(args.weights, args.prompts),
    }
    text = json.dumps(result, indent=2)
    (Path(__file__).parent / "metrics.json").write_text(text + "\n")
    print(text)  # noqa: T201


if __name__ == "__main__":
    main()
