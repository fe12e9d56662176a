import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from serve_app import registry
from serve_app.core import ModelInfo
from serve_app.errors import SettingsError, UnknownModel, UnsupportedSize
from serve_app.registry import Registry, find_model, read_info
from serve_app.settings import Settings

pytestmark = pytest.mark.usefixtures("no_variables")
Build = Callable[..., Path]
INFO = ModelInfo("demo", "abc123", ((1024, 1024), (1152, 896), (896, 1152)), "euler", 25, 4.0)


@pytest.fixture
def build(tmp_path: Path) -> Build:
    """`build(name, **files)` writes a checkpoint's configs, each part changed by the dictionary of its name."""

    def build(name: str = "tiny", **changes: dict[str, object]) -> Path:
        files = {
            "model_index.json": {"_class_name": "StableDiffusionXLPipeline"} | changes.get("index", {}),
            "unet/config.json": {"sample_size": 16} | changes.get("unet", {}),
            "vae/config.json": {"block_out_channels": [12, 24, 48, 64]} | changes.get("vae", {}),
            "scheduler/scheduler_config.json": {"_class_name": "EulerDiscreteScheduler"} | changes.get("scheduler", {}),
        }
        for path, content in files.items():
            (tmp_path / name / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name / path).write_text(json.dumps(content))
        return tmp_path / name

    return build


def info(folder: Path, **settings: object) -> ModelInfo:
    return read_info(folder, Settings(model=str(folder), **settings))


def test_a_folder_is_found_as_given(build: Build) -> None:
    assert find_model(str(build())) == build().resolve()


def test_a_folder_under_home_is_found(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(build("tiny").parent))
    assert find_model("~/tiny") == build("tiny").resolve()


@pytest.mark.parametrize("model", ["nowhere", "/no/such/folder", "./a", "../a", "~/a", "a/b/c", ""])
def test_a_folder_that_is_not_there_is_named(model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(registry, "_download", lambda hub_id: pytest.fail(f"asked the hub for {hub_id!r}"))
    with pytest.raises(SettingsError, match="IMAGINE_MODEL") as caught:
        find_model(model)
    assert repr(model) in str(caught.value)


def test_a_folder_without_a_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"IMAGINE_MODEL .*this folder has no model_index.json"):
        find_model(str(tmp_path))


def test_a_hub_id_is_downloaded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked = []
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(registry, "_download", lambda hub_id: asked.append(hub_id) or tmp_path)
    assert find_model("stabilityai/sdxl-turbo") == tmp_path
    assert asked == ["stabilityai/sdxl-turbo"]


def test_a_model_is_read_from_its_configs(build: Build) -> None:
    found = info(build())
    assert replace(found, revision="") == ModelInfo("tiny", "", ((128, 128),), "euler", 25, 4.0)
    assert len(found.revision) == 12


def test_settings_win_over_the_model_s_own(build: Build) -> None:
    wishes = {"default_steps": 9, "default_guidance_scale": 1.5, "default_scheduler": "ddim", "model_name": "mine"}
    found = info(build(), sizes="64x128, 256x256", **wishes)
    assert replace(found, revision="") == ModelInfo("mine", "", ((64, 128), (256, 256)), "ddim", 9, 1.5)


@pytest.mark.parametrize(
    ("model", "folder", "name"),
    [
        ("stabilityai/sdxl-turbo", "/cache/snapshots/0a1b", "sdxl-turbo"),
        ("/models/tiny/", "/models/tiny", "tiny"),
        ("/work/demo_model/weights", "/work/demo_model/weights", "demo_model"),
    ],
)
def test_the_name_is_the_last_part_of_the_path(model: str, folder: str, name: str) -> None:
    assert registry._name(model, Path(folder)) == name


@pytest.mark.parametrize(
    ("scheduler", "name"),
    [
        ({"_class_name": "EulerAncestralDiscreteScheduler"}, "euler_ancestral"),
        ({"_class_name": "DDIMScheduler"}, "ddim"),
        ({"_class_name": "LCMScheduler"}, "lcm"),
        ({"_class_name": "DPMSolverMultistepScheduler"}, "dpmpp_2m"),
        ({"_class_name": "DPMSolverMultistepScheduler", "use_karras_sigmas": True}, "dpmpp_2m_karras"),
    ],
)
def test_the_checkpoint_s_scheduler_is_the_default(build: Build, scheduler: dict[str, object], name: str) -> None:
    assert info(build(scheduler=scheduler)).scheduler == name


def test_a_scheduler_that_is_not_offered_needs_a_choice(build: Build) -> None:
    folder = build(scheduler={"_class_name": "PNDMScheduler"})
    with pytest.raises(SettingsError, match="PNDMScheduler is not offered.*IMAGINE_DEFAULT_SCHEDULER"):
        info(folder)
    assert info(folder, default_scheduler="ddim").scheduler == "ddim"


def test_another_pipeline_is_refused(build: Build) -> None:
    with pytest.raises(SettingsError, match="holds FluxPipeline; allowed: StableDiffusionXLPipeline"):
        info(build(index={"_class_name": "FluxPipeline"}))


@pytest.mark.parametrize("name", ["unet/config.json", "vae/config.json", "scheduler/scheduler_config.json"])
@pytest.mark.parametrize("content", [None, "{"])
def test_a_config_that_cannot_be_read_is_named(build: Build, name: str, content: str | None) -> None:
    path = build() / name
    path.write_text(content) if content else path.unlink()
    with pytest.raises(SettingsError, match=f"{name}: cannot be read"):
        info(path.parent.parent)


def test_the_revision_is_of_the_content_not_of_the_place(build: Build) -> None:
    (build("one") / "unet/diffusion_pytorch_model.safetensors").write_bytes(b"12345")
    shutil.copytree(build("one"), build("one").parent / "deep" / "two")
    assert info(build("one")).revision == info(build("one").parent / "deep" / "two").revision


@pytest.mark.parametrize("path", ["unet/config.json", "unet/model.safetensors", "tokenizer/merges.txt"])
def test_the_revision_changes_with_any_file(build: Build, path: str) -> None:
    folder, revisions = build(), set()
    (folder / path).parent.mkdir(exist_ok=True)
    for number in (1, 2, 2, 3):
        (folder / path).write_text(json.dumps({"sample_size": 16, "n": number}))
        revisions.add(info(folder).revision)
    assert len(revisions) == 3


@pytest.mark.parametrize(("at", "seen"), [(0, True), (-1, True), (2 << 20, False)])
def test_of_a_large_file_both_ends_count(build: Build, monkeypatch: pytest.MonkeyPatch, at: int, seen: bool) -> None:
    monkeypatch.setattr(registry, "WHOLE_HASH", 1 << 20)
    weights, content = build() / "unet/model.safetensors", bytearray(4 << 20)
    weights.write_bytes(content)
    before = info(weights.parent.parent).revision
    content[at] = 1
    weights.write_bytes(content)
    assert (info(weights.parent.parent).revision != before) == seen


def test_the_first_model_is_the_default() -> None:
    other = replace(INFO, name="other")
    models = Registry([INFO, other])
    assert models.find(None) is INFO
    assert models.find("other") is other


def test_an_unknown_model_is_told_those_that_are_served() -> None:
    with pytest.raises(UnknownModel, match="model='x': not served here; allowed: demo, other") as caught:
        Registry([INFO, replace(INFO, name="other")]).find("x")
    assert caught.value.param == "model"


@pytest.mark.parametrize(
    ("asked", "size"),
    [
        ((None, None), (1024, 1024)),
        ((1024, 1024), (1024, 1024)),
        ((1152, None), (1152, 896)),
        ((None, 1152), (896, 1152)),
    ],
)
def test_a_side_left_open_follows_the_other(asked: tuple[int | None, int | None], size: tuple[int, int]) -> None:
    assert Registry.size(INFO, *asked) == size


@pytest.mark.parametrize(
    ("asked", "named", "param"),
    [
        ((512, 512), "512x512", "width"),
        ((1024, 896), "1024x896", "height"),
        ((None, 7), "anyx7", "height"),
        ((7, None), "7xany", "width"),
        ((1152, 1152), "1152x1152", "height"),
    ],
)
def test_a_size_that_is_not_served_is_told_those_that_are(
    asked: tuple[int | None, int | None], named: str, param: str
) -> None:
    with pytest.raises(UnsupportedSize) as caught:
        Registry.size(INFO, *asked)
    assert str(caught.value) == f"size={named}: demo does not serve it; allowed: 1024x1024, 1152x896, 896x1152"
    assert caught.value.param == param
