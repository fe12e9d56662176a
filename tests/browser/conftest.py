"""A real Chromium, the page as a process of its own, and a service behind it."""

import os
import shutil
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from processes import Troublesome, child, free_port

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome") or ""
HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Last of all: while Playwright runs, its event loop is this thread's, and no other test could have one."""
    items.sort(key=lambda item: HERE in item.path.parents)
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.timeout(300))


@pytest.fixture(scope="session")
def browser() -> Generator["Browser", None, None]:
    pytest.importorskip("gradio", reason="gradio is not installed: pip install -r requirements/ui.lock")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if not CHROMIUM:
        pytest.skip("no Chromium here: apt-get install chromium, or name one in CHROMIUM")
    with playwright.sync_playwright() as started:
        arguments = ["--no-sandbox", "--disable-gpu", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]
        browser = started.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def service(browser: "Browser") -> Generator[str, None, None]:
    """The bundled model, real engine: four guided images at once, two may wait."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with child(f"{url}/healthz", str(HERE / "service.py"), str(port), "8", "4"):
        yield url


def _ui(service: str) -> Any:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    return url, child(f"{url}/healthz", "-m", "gradio_ui", "--service", service, "--port", str(port))


@pytest.fixture(scope="session")
def ui(service: str) -> Generator[str, None, None]:
    """The page in front of the bundled model."""
    url, process = _ui(service)
    with process:
        yield url


@pytest.fixture(scope="session")
def _troubled(browser: "Browser") -> Generator[tuple[Troublesome, str], None, None]:
    trouble = Troublesome()
    url, process = _ui(trouble.url)
    with process:
        yield trouble, url


@pytest.fixture
def trouble(_troubled: tuple[Troublesome, str]) -> Generator[Troublesome, None, None]:
    """A service that does what a test wants; not started yet."""
    trouble, _ = _troubled
    trouble.key, trouble.replicas = "", type(trouble.replicas)()
    yield trouble
    trouble.stop()


@pytest.fixture
def troubled_ui(_troubled: tuple[Troublesome, str]) -> str:
    """The page in front of it."""
    return _troubled[1]


@pytest.fixture
def context(browser: "Browser") -> Generator["BrowserContext", None, None]:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.set_default_timeout(60_000)
    yield context
    context.close()


@pytest.fixture
def page(context: "BrowserContext") -> "Page":
    return context.new_page()
