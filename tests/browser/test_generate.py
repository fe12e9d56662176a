"""A person and the bundled model."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
from driver import downloaded, eventually, field, figures, generate, open_page, shown_bytes

if TYPE_CHECKING:
    from playwright.sync_api import Page

PROMPT = "a red circle on a white background"


def rows(service: str) -> int:
    return int(httpx.get(f"{service}/test/load", trust_env=False).json()["rows"])


def test_progress_rises_step_by_step_to_a_picture(page: "Page", ui: str) -> None:
    open_page(page, ui, prompt=PROMPT, steps=60, seed=7)
    page.evaluate(
        """() => { window.seen = []; new MutationObserver(() => {
            const bar = document.querySelector("#progress progress[value]"); if (bar) seen.push(bar.value);
        }).observe(document.querySelector("#progress"), {childList: true, subtree: true, attributes: true}) }"""
    )
    generate(page)
    figures(page, 1)
    seen = page.evaluate("seen")
    assert seen == sorted(seen)
    assert len(set(seen)) > 3
    assert max(seen) <= 60


def test_the_picture_is_the_one_that_the_service_gives_for_the_settings_under_it(
    page: "Page", ui: str, service: str
) -> None:
    open_page(page, ui, prompt=PROMPT, steps=3, seed=7, size="128x64", guidance_scale=2.5, scheduler="heun")
    generate(page)
    figure = figures(page, 1).first
    asked = {"prompt": PROMPT, "steps": 3, "seed": 7, "height": 64, "guidance_scale": 2.5, "scheduler": "heun"}
    assert shown_bytes(figure) == httpx.get(f"{service}/imagine", params=asked, trust_env=False).content
    for text in ("seed 7", "3 steps", "guidance 2.5", "heun", "128x64", "demo_model"):
        assert text in figure.inner_text()


def test_four_pictures_have_four_seeds(page: "Page", ui: str) -> None:
    open_page(page, ui, prompt=PROMPT, steps=4, seed=7, n=4)
    generate(page)
    shown = figures(page, 4)
    assert [f.locator("strong").inner_text() for f in shown.all()] == ["seed 7", "seed 8", "seed 9", "seed 10"]
    assert len({shown_bytes(f) for f in shown.all()}) == 4


def test_cancel_frees_the_services_rows(page: "Page", ui: str, service: str) -> None:
    open_page(page, ui, prompt=PROMPT, steps=100, n=2)
    generate(page)
    page.wait_for_selector("#progress progress[value]")
    assert rows(service) == 4
    page.click("#cancel")
    page.get_by_text("Cancelled.").wait_for()
    eventually(lambda: rows(service) == 0, 5)
    assert page.locator("#pictures figure").count() == 0


def test_a_closed_tab_frees_the_services_rows(page: "Page", ui: str, service: str) -> None:
    open_page(page, ui, prompt=PROMPT, steps=100, n=4)
    generate(page)
    page.wait_for_selector("#progress progress[value]")
    page.close()
    eventually(lambda: rows(service) == 0, 10)


def test_ctrl_enter_draws_and_escape_cancels(page: "Page", ui: str, service: str) -> None:
    open_page(page, ui, steps=100)
    field(page, "prompt").fill(PROMPT)
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("#progress progress[value]")
    page.keyboard.press("Escape")
    page.get_by_text("Cancelled.").wait_for()
    eventually(lambda: rows(service) == 0, 5)


def test_the_last_seed_again_gives_the_same_bytes_and_the_dice_another(page: "Page", ui: str) -> None:
    open_page(page, ui, prompt=PROMPT, steps=3)
    generate(page)
    first = shown_bytes(figures(page, 1).first)
    seed = page.locator("#pictures strong").inner_text().removeprefix("seed ")
    page.click("#reuse")
    eventually(lambda: field(page, "seed").input_value() == seed)
    generate(page)
    page.wait_for_selector("#history figure")
    assert shown_bytes(figures(page, 1).first) == first
    page.click("#dice")
    eventually(lambda: field(page, "seed").input_value() == "")
    generate(page)
    page.wait_for_function("document.querySelectorAll('#history figure').length == 2")
    assert shown_bytes(figures(page, 1).first) != first


def test_the_link_restores_the_settings_and_the_picture(page: "Page", ui: str) -> None:
    open_page(page, ui)
    field(page, "prompt").fill(PROMPT)
    field(page, "negative").fill("blue")
    field(page, "steps").fill("3")
    field(page, "steps").press("Tab")
    generate(page)
    first = shown_bytes(figures(page, 1).first)
    link = field(page, "link").input_value()
    assert page.url == link
    page.goto(link)
    page.wait_for_selector("#generate:not([disabled])")
    assert field(page, "prompt").input_value() == PROMPT
    assert (field(page, "negative").input_value(), field(page, "steps").input_value()) == ("blue", "3")
    generate(page)
    assert shown_bytes(figures(page, 1).first) == first


def test_a_dropped_download_restores_its_settings(page: "Page", ui: str, tmp_path: Path) -> None:
    asked = {"prompt": "a café, Steps: 9\nin 雪", "negative_prompt": "blue", "steps": 3, "seed": 2**64 - 2}
    open_page(page, ui, **asked, scheduler="dpmpp_2m_karras", guidance_scale=2.5, size="128x64")
    generate(page)
    figure = figures(page, 1).first
    path = downloaded(page, figure, tmp_path)
    assert path.name == f"imagine-{2**64 - 2}.png"
    assert path.read_bytes() == shown_bytes(figure)
    open_page(page, ui)
    page.set_input_files("#browser input[type=file]", path)
    eventually(lambda: field(page, "seed").input_value() == str(2**64 - 2))
    assert field(page, "prompt").input_value() == asked["prompt"]
    assert field(page, "scheduler").input_value() == "dpmpp_2m_karras"
    assert (field(page, "size").input_value(), field(page, "guidance").input_value()) == ("128x64", "2.5")


def test_a_file_without_settings_is_told(page: "Page", ui: str, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n not really")
    open_page(page, ui, prompt=PROMPT)
    page.set_input_files("#browser input[type=file]", tmp_path / "a.png")
    page.get_by_text("holds no settings").wait_for()
    assert field(page, "prompt").input_value() == PROMPT


def test_earlier_pictures_stay_for_the_session_and_give_their_settings_back(page: "Page", ui: str) -> None:
    open_page(page, ui, prompt=PROMPT, steps=2, seed=11)
    generate(page)
    first = shown_bytes(figures(page, 1).first)
    open_page(page, ui, prompt="a cat", steps=2, seed=12)
    history = page.locator("#history figure")
    assert shown_bytes(history.first) == first
    history.first.get_by_text("Use these settings").click()
    eventually(lambda: field(page, "seed").input_value() == "11")
    assert field(page, "prompt").input_value() == PROMPT


def test_an_example_fills_the_prompt(page: "Page", ui: str) -> None:
    open_page(page, ui)
    page.get_by_role("button", name=re.compile("an astronaut")).click()
    eventually(lambda: "astronaut" in field(page, "prompt").input_value())


def test_words_are_never_markup_nor_templates(page: "Page", ui: str) -> None:
    words = '<img src=x onerror="window.hacked=1"> {{value}} ${window.hacked=1} {{#if 1}}a{{/if}}'
    open_page(page, ui, prompt=words, steps=1, seed=1)
    generate(page)
    figure = figures(page, 1).first
    assert words in figure.inner_text()
    assert figure.locator("img").get_attribute("alt") == words
    assert page.evaluate("window.hacked") is None
