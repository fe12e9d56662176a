import io
from dataclasses import replace

import numpy as np
import pytest
from fakes import PIXELS
from PIL import Image

from serve_app import __version__
from serve_app.core import SCHEDULERS, GenerateRequest
from serve_app.images import encode, infotext

REQUEST = GenerateRequest("demo", "a red cat", "blurry, dark", 7, 25, 4.0, 64, 48, "dpmpp_2m_karras")
TAIL = f"Seed: 8, Size: 64x48, Model: demo, Version: imagine-server {__version__}"
INFOTEXT = f"""a red cat
Negative prompt: blurry, dark
Steps: 25, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 4, {TAIL}"""
PROMPTS = ["a red cat", "un château à la plage", "красный кот, 赤い猫 🐈", 'two\nlines, "quoted": yes', "x" * 2000]


def draw(prompt: str = "a red cat", **values: object) -> bytes:
    return encode(PIXELS, replace(REQUEST, prompt=prompt, **values), seed=8)


def read(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def user_comment(picture: Image.Image) -> str:
    comment = picture.getexif().get_ifd(0x8769)[0x9286]
    assert comment[:8] == b"UNICODE\0"
    return comment[8:].decode("utf-16-be")


def test_the_infotext_is_a1111_s_with_the_image_s_own_seed() -> None:
    assert infotext(REQUEST, seed=8) == INFOTEXT


def test_without_a_negative_prompt_its_line_is_left_out() -> None:
    lines = infotext(replace(REQUEST, negative_prompt="", scheduler="euler", guidance_scale=1.5), seed=8).split("\n")
    assert lines == [
        "a red cat",
        f"Steps: 25, Sampler: Euler, Schedule type: Automatic, CFG scale: 1.5, {TAIL}",
    ]


@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_every_scheduler_has_a_name_in_a1111_s_words(scheduler: str) -> None:
    sampler, schedule_type = SCHEDULERS[scheduler]
    assert f"Sampler: {sampler}, Schedule type: {schedule_type}," in infotext(replace(REQUEST, scheduler=scheduler), 1)


@pytest.mark.parametrize("prompt", PROMPTS)
def test_a_png_carries_the_infotext_in_its_parameters_chunk(prompt: str) -> None:
    picture = read(draw(prompt))
    assert picture.format == "PNG"
    assert picture.text == {"parameters": INFOTEXT.replace("a red cat", prompt)}


@pytest.mark.parametrize("prompt", PROMPTS)
@pytest.mark.parametrize("form", ["jpeg", "webp"])
def test_other_formats_carry_it_as_exif_user_comment(form: str, prompt: str) -> None:
    picture = read(draw(prompt, format=form))
    assert picture.format == form.upper()
    assert user_comment(picture) == INFOTEXT.replace("a red cat", prompt)


def test_a_png_loses_nothing() -> None:
    assert np.array_equal(np.asarray(read(draw())), PIXELS)


@pytest.mark.parametrize("form", ["jpeg", "webp"])
def test_quality_is_size_for_likeness(form: str) -> None:
    def loss(data: bytes) -> float:
        return float(np.abs(np.asarray(read(data).convert("RGB")).astype(int) - PIXELS).mean())

    low, high = (draw(format=form, quality=quality) for quality in (10, 95))
    assert len(low) < len(high)
    assert loss(low) > loss(high)


def test_quality_changes_no_png() -> None:
    assert draw(quality=1) == draw(quality=100)


@pytest.mark.parametrize("form", ["png", "jpeg", "webp"])
def test_the_same_request_gives_the_same_bytes(form: str) -> None:
    assert draw(format=form) == draw(format=form)
