"""What the page's own server gives out, and to whom."""

from collections.abc import Callable

import pytest
from starlette.testclient import TestClient

pytest.importorskip("gradio", reason="gradio is not installed: pip install -r requirements/ui.lock")

from gradio_ui.app import create_app  # noqa: E402
from gradio_ui.client import Client  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore")  # Gradio's own warnings are not ours


@pytest.fixture
def page(served: Callable[..., Client]) -> TestClient:
    return TestClient(create_app(served()))


def test_the_page_and_its_probe_answer(page: TestClient) -> None:
    assert page.get("/healthz").json() == {"status": "ok"}
    assert "imagine" in page.get("/").text


def test_nothing_on_the_page_comes_from_another_host(page: TestClient) -> None:
    assert "fonts.googleapis" not in page.get("/").text + page.get("/theme.css").text
    policy = page.get("/").headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "http" not in policy


def test_telemetry_and_programs_are_off(page: TestClient) -> None:
    config = page.get("/config").json()
    assert config["analytics_enabled"] is False
    assert all(dependency["api_visibility"] == "private" for dependency in config["dependencies"])


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/file=/etc/hostname",
        "/gradio_api/file/etc/hostname",
        "/gradio_api//file=/etc/hostname",
        "/GRADIO_API/file=/etc/hostname",
        "/file=/etc/hostname",
        "/gradio_api/proxy=http://localhost:8000/",
        "/gradio_api/stream/a/0/1/playlist.m3u8",
        "/monitoring",
    ],
)
def test_no_file_and_no_other_host_can_be_read(page: TestClient, path: str) -> None:
    answer = page.get(path)
    assert answer.status_code in (404, 405)


def test_nothing_can_be_uploaded(page: TestClient) -> None:
    assert page.post("/gradio_api/upload", files={"files": ("a.png", b"x")}).status_code == 404
