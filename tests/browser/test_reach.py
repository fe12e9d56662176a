"""Whom the page serves: phones and desks, dark and light, keyboards, closed networks; and what it takes."""

import re
import time
from typing import TYPE_CHECKING, Literal

import psutil
import pytest
from driver import figures, generate, open_page
from processes import child, free_port

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

MB = 1e6


@pytest.mark.parametrize("width", [375, 1440])
def test_nothing_is_wider_than_the_window(browser: "Browser", ui: str, width: int) -> None:
    page = browser.new_page(viewport={"width": width, "height": 800})
    open_page(page, ui, prompt="a red circle", steps=2, n=4)
    generate(page)
    figures(page, 4)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for selector in ("#generate", "#prompt textarea", "#pictures figure"):
        box = page.locator(selector).first.bounding_box()
        assert box and box["x"] >= 0 and box["x"] + box["width"] <= width
    page.context.close()


def test_on_a_phone_pictures_come_before_the_settings(browser: "Browser", ui: str) -> None:
    page = browser.new_page(viewport={"width": 375, "height": 800})
    open_page(page, ui, prompt="a red circle", steps=2)
    generate(page)
    figures(page, 1)
    tops = [(page.locator(part).bounding_box() or {"y": 0})["y"] for part in ("#generate", "#pictures", "#steps")]
    assert tops == sorted(tops)
    page.context.close()


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_words_stand_out_in_dark_and_in_light(browser: "Browser", ui: str, scheme: Literal["dark", "light"]) -> None:
    page = browser.new_page(color_scheme=scheme)
    open_page(page, ui)
    page.wait_for_timeout(300)
    background, words = page.evaluate(
        """() => [getComputedStyle(document.body).backgroundColor,
                  getComputedStyle(document.querySelector("#prompt textarea")).color]"""
    )
    assert (brightness(background) < 80) == (scheme == "dark")
    assert abs(brightness(background) - brightness(words)) > 120
    page.context.close()


def brightness(colour: str) -> float:
    red, green, blue = (float(number) for number in re.findall(r"[\d.]+", colour)[:3])
    return 0.3 * red + 0.6 * green + 0.1 * blue


def test_every_control_has_a_name(page: "Page", ui: str) -> None:
    open_page(page, ui)
    for label in ("Prompt", "Negative prompt", "Seed", "Model", "Size", "Scheduler"):
        assert page.get_by_label(re.compile(f"^\\s*{label}")).count() >= 1, label
    assert page.get_by_label("Link to these settings").count() == 1
    for name in ("Generate", "Cancel", "⚄ Random seed", "↺ Reuse last seed"):
        assert page.get_by_role("button", name=name, exact=True).count() == 1, name
    for label in ("Steps", "Guidance", "Number of pictures"):
        assert page.get_by_label(re.compile(label)).count() >= 1, label


def test_the_page_asks_nothing_of_the_internet(context: "BrowserContext", ui: str) -> None:
    page, asked, failed = context.new_page(), list[str](), list[str]()
    context.route(re.compile(r"^https?://(?!127\.0\.0\.1[:/])"), lambda route: route.abort())
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: failed.append(message.text) if "Security Policy" in message.text else None)
    open_page(page, ui, prompt="a red circle", steps=2)
    generate(page)
    figures(page, 1)
    assert [url for url in asked if not re.match(r"http://127\.0\.0\.1[:/]|data:|blob:", url)] == []
    assert failed == []


def test_the_browser_refuses_what_would_come_from_elsewhere(page: "Page", ui: str) -> None:
    open_page(page, ui)
    refused = page.evaluate(
        """async () => { try { await fetch("http://127.0.0.2:9/"); return "" }
                        catch (error) { return String(error) } }"""
    )
    blocked = page.evaluate(
        """() => new Promise(done => { document.addEventListener("securitypolicyviolation", e => done(e.blockedURI));
            const font = new Image(); font.src = "http://127.0.0.2:9/a.png"; })"""
    )
    assert refused
    assert blocked.startswith("http://127.0.0.2:9/")


def test_the_page_starts_soon_and_takes_little_memory(page: "Page", service: str) -> None:
    """docs/gradio-ui.md has figures. Here the bounds are loose enough for a busy one."""
    port = free_port()
    url, began = f"http://127.0.0.1:{port}", time.monotonic()
    with child(f"{url}/healthz", "-m", "gradio_ui", "--service", service, "--port", str(port)) as process:
        seconds = time.monotonic() - began
        for seed in range(3):
            open_page(page, url, prompt="a red circle", steps=2, n=4, seed=seed)
            generate(page)
            figures(page, 4)
        memory = process.memory_info().rss / MB
    print(f"start {seconds:.1f} s, memory {memory:.0f} MB")
    assert memory <= 250
    assert seconds <= (5 if psutil.getloadavg()[0] < 1 else 30)
