import pytest

from gradio_ui.form import Form
from gradio_ui.share import SCHEDULERS, from_infotext, from_query, to_query
from serve_app.core import SCHEDULERS as SERVED
from serve_app.core import GenerateRequest
from serve_app.images import infotext

FORM = Form("a cat & a dog\nin the snow, 100%", "blurry", "demo", "64x48", 30, 7.5, "heun", str(2**63), 3)


def test_a_link_brings_every_field_back() -> None:
    back = from_query(to_query(FORM))
    assert back == {
        "prompt": FORM.prompt,
        "negative_prompt": "blurry",
        "model": "demo",
        "size": "64x48",
        "steps": "30",
        "guidance_scale": "7.5",
        "scheduler": "heun",
        "seed": str(2**63),
        "n": "3",
    }


def test_a_link_has_no_empty_fields_and_passes_over_what_it_does_not_know() -> None:
    assert "negative" not in to_query(Form("a cat"))
    assert from_query("?__theme=dark&prompt=a+cat&key=secret&steps=") == {"prompt": "a cat"}


@pytest.mark.parametrize("scheduler", SERVED)
def test_the_services_own_text_brings_the_settings_back(scheduler: str) -> None:
    request = GenerateRequest("demo", "a cat, Steps: 3\nwith a hat", "no dog", 7, 30, 7.5, 64, 48, scheduler)
    assert from_infotext(infotext(request, 2**64 - 1)) == {
        "prompt": "a cat, Steps: 3\nwith a hat",
        "negative_prompt": "no dog",
        "model": "demo",
        "size": "64x48",
        "steps": "30",
        "guidance_scale": "7.5",
        "scheduler": scheduler,
        "seed": str(2**64 - 1),
        "n": "1",
    }


def test_the_schedulers_are_the_services() -> None:
    assert SCHEDULERS == {words: name for name, words in SERVED.items()}


@pytest.mark.parametrize("text", ["", "a holiday photo", "Negative prompt: x", "a\nSeed: 4"])
def test_a_text_without_settings_gives_none(text: str) -> None:
    assert from_infotext(text) == {}


def test_an_unknown_sampler_leaves_the_scheduler_open() -> None:
    assert "scheduler" not in from_infotext("a cat\nSteps: 20, Sampler: Restart, CFG scale: 7")
