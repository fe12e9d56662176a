"""What a person sees when something is wrong: a sentence and a way on, and never a picture that is none."""

import re
from typing import TYPE_CHECKING

import pytest
from driver import eventually, field, figures, generate, open_page
from processes import Troublesome

from serve_app.core import ReplicaCounts
from serve_app.errors import InvalidValue, NotReady, Overloaded, ReplicaLost

if TYPE_CHECKING:
    from playwright.sync_api import Page


def no_picture(page: "Page") -> bool:
    return page.locator("#pictures figure, #pictures img").count() == 0


def test_a_service_that_is_down_is_told_and_found_when_it_comes(
    page: "Page", trouble: Troublesome, troubled_ui: str
) -> None:
    page.goto(f"{troubled_ui}/?prompt=a+cat&steps=2")
    page.get_by_text(re.compile("cannot be reached.*tries again")).wait_for()
    assert page.locator("#generate").is_disabled()
    trouble.start()
    page.wait_for_selector("#generate:not([disabled])")
    assert field(page, "prompt").input_value() == "a cat"
    assert page.get_by_text("cannot be reached").count() == 0


def test_a_service_that_is_starting_is_waited_for(page: "Page", trouble: Troublesome, troubled_ui: str) -> None:
    trouble.replicas.replicas = ReplicaCounts(0)
    trouble.start()
    page.goto(troubled_ui)
    page.get_by_text("The service is starting. This page waits for it.").wait_for()
    trouble.replicas.replicas = ReplicaCounts(1)
    page.wait_for_selector("#generate:not([disabled])")
    trouble.replicas.error = NotReady("loading")
    field(page, "prompt").fill("a cat")
    generate(page)
    page.get_by_text("is starting and will draw it").wait_for()
    trouble.replicas.error = None
    figures(page, 1)


def test_a_full_service_says_when_to_try_again_and_the_button_does(
    page: "Page", trouble: Troublesome, troubled_ui: str
) -> None:
    trouble.replicas.error = Overloaded("32 images are waiting")
    trouble.start()
    open_page(page, troubled_ui, prompt="a cat", seed=5, n=2)
    generate(page)
    page.get_by_text(re.compile("32 images are waiting.*try again in 2 s")).first.wait_for()
    assert no_picture(page)
    trouble.replicas.error = None
    page.click("#retry")
    figures(page, 2)
    assert sorted(request.seed for request in trouble.replicas.requests) == [5, 5, 6, 6]
    assert page.locator("#retry").is_hidden()


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [("seed", "abc", "seed='abc'"), ("prompt", " ", "prompt=' '"), ("seed", str(2**64), "less than or equal")],
)
def test_a_value_that_is_refused_is_told_at_its_field_until_the_next_try(
    page: "Page", trouble: Troublesome, troubled_ui: str, name: str, value: str, said: str
) -> None:
    trouble.start()
    open_page(page, troubled_ui, prompt="a cat", steps=2)
    field(page, name).fill(value)
    generate(page)
    page.locator(f"#{name}.invalid").get_by_text(said).wait_for()
    assert no_picture(page)
    assert page.locator("#retry").is_hidden()
    field(page, name).fill("7")
    generate(page)
    figures(page, 1)
    assert page.locator(".invalid").count() == 0


def test_a_field_of_another_name_is_found(page: "Page", trouble: Troublesome, troubled_ui: str) -> None:
    trouble.replicas.error = InvalidValue("lcm takes at most 50 steps", param="width")
    trouble.start()
    open_page(page, troubled_ui, prompt="a cat")
    generate(page)
    page.locator("#size.invalid").get_by_text("lcm takes at most 50 steps").wait_for()


def test_an_error_in_the_middle_is_told_and_can_be_tried_again(
    page: "Page", trouble: Troublesome, troubled_ui: str
) -> None:
    trouble.replicas.error, trouble.replicas.events = ReplicaLost("the replica has ended"), 2
    trouble.start()
    open_page(page, troubled_ui, prompt="a cat")
    generate(page)
    page.get_by_text("the replica has ended").wait_for()
    assert no_picture(page)
    trouble.replicas.error = None
    page.click("#retry")
    figures(page, 1)


def test_a_connection_that_breaks_is_told(page: "Page", trouble: Troublesome, troubled_ui: str) -> None:
    trouble.replicas.hang, trouble.replicas.events = True, 2
    trouble.start()
    open_page(page, troubled_ui, prompt="a cat")
    generate(page)
    page.get_by_text("step 1 of 2").wait_for()
    trouble.stop()
    page.locator("#progress .error").wait_for()
    assert no_picture(page)
    generate(page)
    page.get_by_text("cannot be reached").wait_for()
    assert page.locator("#retry").is_visible()


def test_a_key_is_asked_for_and_kept_out_of_the_link(page: "Page", trouble: Troublesome, troubled_ui: str) -> None:
    trouble.key = "open sesame"
    trouble.start()
    page.goto(f"{troubled_ui}/?prompt=a+cat")
    page.get_by_text("The service wants an API key").wait_for()
    field(page, "key").fill("wrong")
    field(page, "key").press("Enter")
    page.wait_for_timeout(500)
    assert page.locator("#generate").is_disabled()
    field(page, "key").fill("open sesame")
    field(page, "key").press("Enter")
    page.wait_for_selector("#generate:not([disabled])")
    generate(page)
    figures(page, 1)
    kept = page.evaluate("location.href + JSON.stringify(sessionStorage) + JSON.stringify(localStorage)")
    assert "sesame" not in kept


def test_the_queue_position_is_told(page: "Page", trouble: Troublesome, troubled_ui: str) -> None:
    trouble.replicas.hang, trouble.replicas.events = True, 1
    trouble.start()
    open_page(page, troubled_ui, prompt="a cat")
    generate(page)
    page.get_by_text("queued, 2 before it").wait_for()
    page.click("#cancel")
    page.get_by_text("Cancelled.").wait_for()
    eventually(lambda: trouble.replicas.cancelled == 1, 5)
