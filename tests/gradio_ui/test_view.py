import base64
from typing import cast

import pytest

from gradio_ui import view
from gradio_ui.client import Client, Done, Event, Queued, Step
from gradio_ui.errors import Broken, Refused
from gradio_ui.form import Form
from gradio_ui.runs import Drawing, Run

PNG = b"\x89PNG bytes"


def run_of(*drawings: Drawing, form: Form | None = None) -> Run:
    return Run(cast(Client, None), form or Form("a cat", seed="7", n=4), "", list(drawings))


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (None, "waiting for the service"),
        (Queued(0), "next to be drawn"),
        (Queued(3), "queued, 3 before it"),
        (Step(3, 25), 'value="3" max="25"'),
        (Step(3, 25), "step 3 of 25"),
    ],
)
def test_each_picture_tells_how_far_it_is(event: Event | None, said: str) -> None:
    html = view.progress(run_of(Drawing("7", event)))
    assert said in html
    assert "seed 7" in html


def test_an_error_stands_in_place_of_its_bar() -> None:
    html = view.progress(run_of(Drawing("7", error=Broken("the line <broke>"))))
    assert "the line &lt;broke&gt;" in html
    assert "<progress" not in html


def test_a_full_service_says_when_to_try_again() -> None:
    assert "try again in 2 s" in view.explain(Refused(503, "overloaded", "full", retry_after=2))


def test_a_cancelled_run_says_so_and_shows_no_bars() -> None:
    run = run_of(Drawing("7", Step(1, 9)), Drawing("8", Step(1, 9)))
    run.cancelled = True
    assert "Cancelled." in view.progress(run)
    assert "<progress" not in view.progress(run)


def test_a_picture_is_the_services_own_bytes_with_its_seed_and_settings() -> None:
    form = Form("a cat", "", "demo", "64x48", 25, 4.0, "euler", "7", 2)
    done = Drawing("8", Done(PNG, "image/png", 8, "demo", ("cut off",)))
    html = view.pictures(run_of(Drawing("7", Step(1, 9)), done, form=form))
    assert html.count("<figure") == 1
    assert f"data:image/png;base64,{base64.b64encode(PNG).decode()}" in html
    for text in (
        "seed 8",
        "25 steps",
        "guidance 4",
        "euler",
        "64x48",
        "demo",
        "cut off",
        'data-download="imagine-8.png"',
    ):
        assert text in html
    assert "seed=8&amp;n=1" in html


def test_words_are_never_markup() -> None:
    form = Form('<img src=x onerror="a()">', "<b>", "<i>")
    html = view.pictures(run_of(Drawing("7", Done(PNG, "image/png", 7, "<u>", ("<s>",))), form=form))
    assert not any(tag in html for tag in ("<img src=x", "<b>", "<i>", "<u>", "<s>"))


def test_no_picture_is_shown_for_an_error() -> None:
    assert view.pictures(run_of(Drawing("7", error=Broken("gone")))) == ""


@pytest.mark.parametrize(
    ("error", "again"),
    [
        (Broken("gone"), True),
        (Refused(503, "overloaded", "full"), True),
        (Refused(200, "replica_lost", "in a stream"), True),
        (Refused(401, "unauthorized", "no key"), True),
        (Refused(422, "invalid_value", "wrong"), False),
        (Refused(404, "unknown_model", "gone"), False),
    ],
)
def test_only_what_may_pass_can_be_tried_again(error: Broken | Refused, again: bool) -> None:
    assert ('class="error again"' in view.progress(run_of(Drawing("7", error=error)))) is again
