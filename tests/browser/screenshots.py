"""Takes docs/images/ui-wide.png and ui-phone.png: `python tests/browser/screenshots.py`."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path += [str(HERE.parent), str(HERE.parent.parent)]  # after this folder, whose conftest.py is meant

from conftest import CHROMIUM  # noqa: E402
from driver import figures, generate, open_page  # noqa: E402
from playwright.sync_api import Browser, sync_playwright  # noqa: E402
from processes import ROOT, child, free_port  # noqa: E402

IMAGES = ROOT / "docs" / "images"
FIRST, SECOND = "a red circle on a white background", "an astronaut is dancing on green grass, sunlit"


def wide(browser: Browser, ui: str) -> None:
    page = browser.new_page(viewport={"width": 1440, "height": 1000})
    open_page(page, ui, prompt=FIRST, seed=7, n=1)
    generate(page)
    figures(page, 1)
    open_page(page, ui, prompt=SECOND, seed=7, n=4)
    generate(page)
    figures(page, 4)
    page.wait_for_timeout(500)
    page.screenshot(path=IMAGES / "ui-wide.png")


def phone(browser: Browser, ui: str) -> None:
    page = browser.new_page(viewport={"width": 375, "height": 812}, color_scheme="dark")
    open_page(page, ui, prompt=SECOND, seed=8, steps=25)
    generate(page)
    figures(page, 1)
    page.wait_for_timeout(500)
    page.screenshot(path=IMAGES / "ui-phone.png")


def main() -> None:
    ports = free_port(), free_port()
    service, ui = (f"http://127.0.0.1:{port}" for port in ports)
    page = ("-m", "gradio_ui", "--service", service, "--port", str(ports[1]))
    with (
        child(f"{service}/healthz", str(HERE / "service.py"), str(ports[0]), "8", "4"),
        child(f"{ui}/healthz", *page),
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        wide(browser, ui)
        phone(browser, ui)


if __name__ == "__main__":
    main()
