"""What a person does with the page."""

import base64
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page


def open_page(page: "Page", url: str, **settings: object) -> None:
    """Open and wait until it can be used."""
    page.goto(f"{url}/?{urlencode(settings)}")
    page.wait_for_selector("#generate:not([disabled])")


def generate(page: "Page") -> None:
    page.click("#generate")


def figures(page: "Page", count: int) -> "Locator":
    """The gallery's figures once there are so many and nothing is being drawn."""
    page.wait_for_function(f"document.querySelectorAll('#pictures figure').length == {count}")
    page.wait_for_selector("#cancel[disabled]")
    return page.locator("#pictures figure")


def field(page: "Page", name: str) -> "Locator":
    return page.locator(f"#{name} textarea, #{name} input").first


def shown_bytes(figure: "Locator") -> bytes:
    source = figure.locator("img").get_attribute("src") or ""
    return base64.b64decode(source.partition("base64,")[2])


def downloaded(page: "Page", figure: "Locator", folder: Path) -> Path:
    with page.expect_download() as download:
        figure.get_by_text("Download").click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path


def eventually(true: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not come true"
        time.sleep(0.05)
