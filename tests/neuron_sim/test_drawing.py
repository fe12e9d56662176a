"""Our backend and engine on the exported graphs: the same pictures as the eager backend draws."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from children import calls, compile_neuron, environment, run
from engine_fakes import a_request, drain

from serve_app.backends.eager import EagerBackend
from serve_app.core import GenerateRequest
from serve_app.engine.engine import Engine

REQUESTS = [
    a_request(seed=1, steps=4),
    a_request(seed=2, steps=7, guidance_scale=1.0),
    a_request(seed=3, steps=5, guidance_scale=7.0, negative_prompt="blue"),
    a_request(seed=4, steps=6, guidance_scale=0.0),
    a_request(seed=5, steps=4, width=128, height=64),
]
"""Guided and unguided ones together, each at steps of its own, in two sizes."""


def draw(artifact: Path, requests: list[GenerateRequest], folder: Path, cores: str = "0,1") -> list[Any]:
    (folder / "requests.json").write_text(json.dumps([asdict(request) for request in requests]))
    script = str(Path(__file__).parent / "draw.py")
    env = environment(folder / "draw.log", NEURON_RT_VISIBLE_CORES=cores)
    result = run([script, str(artifact), str(folder / "requests.json"), str(folder / "pixels.npz")], env)
    assert result.returncode == 0, result.stderr
    with np.load(folder / "pixels.npz") as pixels:
        return [pixels[str(i)] for i in range(len(requests))]


def eagerly(backend: EagerBackend, requests: list[GenerateRequest]) -> list[Any]:
    engine = Engine(backend, max_rows=4, max_waiting=64)
    jobs = [job for request in requests for job in engine.add(request)]
    drain(engine)
    return [job.pixels for job in jobs]


def difference(one: Any, other: Any) -> int:
    return int(np.abs(one.astype(int) - other.astype(int)).max())


@pytest.fixture(scope="module")
def drawn(neuron: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Any], Path]:
    """The pictures, and the record of what the simulated device did. The cores come in the order Ray may give them."""
    folder = tmp_path_factory.mktemp("drawn")
    return draw(neuron / "artifact", REQUESTS, folder, cores="3,2"), folder / "draw.log"


def test_pictures_are_those_of_the_eager_backend(drawn: tuple[list[Any], Path], backend: EagerBackend) -> None:
    assert [difference(*pair) for pair in zip(drawn[0], eagerly(backend, REQUESTS), strict=True)] <= [2] * len(REQUESTS)


def test_cores_are_sorted_before_the_runtime_sees_them(drawn: tuple[list[Any], Path]) -> None:
    assert {call["visible_cores"] for call in calls(drawn[1], "set_neuron_cores")} == {"2,3"}


def test_the_unet_lies_on_both_cores_and_every_call_uses_both(drawn: tuple[list[Any], Path]) -> None:
    placed, rows = calls(drawn[1], "data_parallel"), calls(drawn[1], "rows")
    assert len(placed) == 4 and all(call["device_ids"] == [0, 1] for call in placed)
    assert rows and all(call["cores"] == 2 for call in rows)


@pytest.mark.parametrize("cores", ["", "0", "1,2", "0,1,2,3", "0-1"])
def test_a_process_without_the_two_cores_of_a_chip_is_refused(neuron: Path, tmp_path: Path, cores: str) -> None:
    code = (
        "from serve_app.backends.neuron import pin_cores\n"
        "from serve_app.errors import ArtifactError\n"
        "try:\n    pin_cores()\nexcept ArtifactError as error:\n    print(error)\n"
    )
    result = run(["-c", code], environment(tmp_path / "log", NEURON_RT_VISIBLE_CORES=cores))
    assert f"NEURON_RT_VISIBLE_CORES={cores!r}: a replica needs the 2 cores of one chip" in result.stdout


def test_a_lora_is_fused_at_export(
    backend: EagerBackend, weights: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    lora = write_lora(weights, tmp_path / "style.safetensors")
    flags = ("--size", "128x128", "--lora", f"{lora}:0.7")
    result = compile_neuron(weights, tmp_path / "artifact", tmp_path / "compile.log", *flags)
    assert result.returncode == 0, result.stderr
    request = a_request(seed=9, steps=4)
    (ours,) = draw(tmp_path / "artifact", [request], tmp_path)
    pipeline = load_with_lora(weights, lora, 0.7)
    (theirs,) = eagerly(EagerBackend(pipeline, backend.checkpoint, 4), [request])
    (plain,) = eagerly(backend, [request])
    assert difference(ours, theirs) <= 2
    assert difference(theirs, plain) > 20


def write_lora(weights: Path, path: Path) -> Path:
    from diffusers import StableDiffusionXLPipeline
    from peft import LoraConfig
    from peft.utils import get_peft_model_state_dict

    pipeline = StableDiffusionXLPipeline.from_pretrained(weights, local_files_only=True, add_watermarker=False)
    torch.manual_seed(0)
    pipeline.unet.add_adapter(LoraConfig(r=4, init_lora_weights=False, target_modules=["to_q", "to_k", "to_v"]))
    state = get_peft_model_state_dict(pipeline.unet)
    pipeline.save_lora_weights(path.parent, unet_lora_layers=state, weight_name=path.name)
    return path


def load_with_lora(weights: Path, lora: Path, scale: float) -> Any:
    """As diffusers itself applies it, not fused."""
    from diffusers import StableDiffusionXLPipeline

    pipeline = StableDiffusionXLPipeline.from_pretrained(weights, local_files_only=True, add_watermarker=False)
    pipeline.load_lora_weights(lora.parent, weight_name=lora.name, adapter_name="style")
    pipeline.set_adapters(["style"], adapter_weights=[scale])
    return pipeline
