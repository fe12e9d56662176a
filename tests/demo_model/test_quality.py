"""The bundled model on held-out prompts, at default settings, looked at by the judge."""

import json
from pathlib import Path

import pytest
from PIL import Image

from demo_model.evaluate import GUIDANCE, STEPS, draw, held_out_scenes, plain_caption, rates
from demo_model.judge import judge
from serve_app.backends.eager import EagerBackend
from serve_app.settings import load_settings

GOALS = {"place": 0.95, "colour": 0.90, "position": 0.95, "kind": 0.80}
PROMPTS = 200


@pytest.mark.quality
@pytest.mark.timeout(900)
def test_held_out_prompts_are_followed(backend: EagerBackend) -> None:
    scenes = held_out_scenes(PROMPTS)
    found = rates(scenes, draw(backend.pipeline, [plain_caption(scene) for scene in scenes], seed=0))
    print(found)
    assert {name: rate for name, rate in found.items() if rate < GOALS[name]} == {}


def by_model(backend: EagerBackend, prompt: str) -> Image.Image:
    return draw(backend.pipeline, [prompt], seed=7)[0]


@pytest.mark.quality
def test_the_seed_prompt_gives_an_astronaut_on_grass_with_a_sun(backend: EagerBackend) -> None:
    image = by_model(backend, "an astronaut is dancing on green grass, sunlit")
    verdict = judge(image)
    assert verdict.place == "on green grass"
    assert [found.kind for found in verdict.objects] == ["astronaut"]
    red, green, blue = image.resize((1, 1), box=(104, 12, 114, 22)).getpixel((0, 0))
    assert min(red, green) > 180 > blue


@pytest.mark.quality
@pytest.mark.parametrize(
    "prompt, kind, colour, place",
    [
        ("a red circle on a white background", "circle", "red", "on a white background"),
        ("red circle, white background", "circle", "red", "on a white background"),
        ("a photo of a blue house in the snow", "house", "blue", "in the snow"),
        ("a zzyzx purple fish in the ocean, masterpiece, 8k", "fish", "purple", "in the sea"),
    ],
)
def test_peoples_wording_works(backend: EagerBackend, prompt: str, kind: str, colour: str, place: str) -> None:
    verdict = judge(by_model(backend, prompt))
    assert (verdict.place, [(f.kind, f.colour) for f in verdict.objects]) == (place, [(kind, colour)])


def test_the_published_figures_reach_the_goals() -> None:
    metrics = json.loads((Path(__file__).parents[2] / "demo_model" / "metrics.json").read_text())
    assert metrics["prompts"] >= 200
    assert all(metrics[name] >= goal for name, goal in GOALS.items())


def test_the_card_tells_the_published_figures(weights: Path) -> None:
    metrics = json.loads((Path(__file__).parents[2] / "demo_model" / "metrics.json").read_text())
    card = (weights / "README.md").read_text()
    for name, words in {"place": "place", "colour": "colour", "position": "position", "kind": "kind of object"}.items():
        assert f"| {words} | {metrics[name]:.1%} |".replace("%", " %") in card


def test_the_figures_are_taken_at_the_servers_defaults() -> None:
    settings = load_settings()
    assert (settings.default_steps, settings.default_guidance_scale) == (STEPS, GUIDANCE)


def test_the_weights_are_small_and_half_precision(weights: Path) -> None:
    from safetensors import safe_open

    files = list(weights.rglob("*.safetensors"))
    assert sum(file.stat().st_size for file in weights.rglob("*") if file.is_file()) <= 16_000_000
    for file in files:
        with safe_open(file, "pt") as tensors:
            assert {str(tensors.get_slice(key).get_dtype()) for key in tensors.keys()} <= {"F16", "I64"}, file
