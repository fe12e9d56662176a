import pytest

from gradio_ui.client import Info
from gradio_ui.form import Form, fit


def test_an_empty_form_has_the_models_defaults(info: Info) -> None:
    form, notes = fit({}, info)
    assert form == Form("", "", "demo", "64x48", 25, 4.0, "euler", "", 1)
    assert notes == []


def test_another_model_has_other_defaults(info: Info) -> None:
    form, _ = fit({"model": "other", "prompt": "a cat"}, info)
    assert (form.prompt, form.size, form.steps, form.guidance_scale, form.scheduler) == (
        "a cat",
        "32x32",
        4,
        1.0,
        "lcm",
    )


@pytest.mark.parametrize(
    ("name", "text", "used"),
    [
        ("model", "gone", "demo"),
        ("size", "1024x1024", "64x48"),
        ("scheduler", "magic", "euler"),
        ("steps", "101", "25"),
        ("steps", "2.5", "25"),
        ("guidance_scale", "nan", "4.0"),
        ("n", "5", "1"),
    ],
)
def test_what_is_not_served_is_told_and_replaced(info: Info, name: str, text: str, used: str) -> None:
    form, (note,) = fit({name: text}, info)
    assert str(getattr(form, name)) == used
    assert repr(text) in note
    assert used in note


def test_pictures_count_up_from_the_seed_and_around_at_the_end() -> None:
    assert Form(seed="7", n=3).seeds(9) == ["7", "8", "9"]
    assert Form(seed="8", n=4).seeds(9) == ["8", "9", "0", "1"]


@pytest.mark.parametrize("seed", ["abc", "-1", "1.5", "10"])
def test_what_is_no_seed_is_left_for_the_service_to_refuse(seed: str) -> None:
    assert Form(seed=seed, n=3).seeds(9) == [seed]


def test_an_empty_seed_is_random_and_a_given_one_stays() -> None:
    assert Form(seed=" 5 ").seeded().seed == "5"
    seeds = {Form().seeded().seed for _ in range(4)}
    assert len(seeds) > 1
    assert all(seed.isdecimal() for seed in seeds)


def test_the_query_names_the_services_parameters_and_leaves_out_what_is_empty() -> None:
    form = Form("a cat", "", "demo", "64x48", 25, 4.5, "euler", "7", 4)
    assert form.query("9") == {
        "prompt": "a cat",
        "model": "demo",
        "width": "64",
        "height": "48",
        "steps": "25",
        "guidance_scale": "4.5",
        "scheduler": "euler",
        "seed": "9",
        "format": "png",
    }
    assert Form().query("")["prompt"] == ""
