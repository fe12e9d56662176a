"""Several people at once, and what each may see."""

import io
import json
import time
from typing import TYPE_CHECKING

import httpx
import numpy as np
from driver import figures, generate, open_page, shown_bytes
from PIL import Image

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

RED, BLUE = "a red circle on a white background", "a blue square on a white background"


def test_two_people_see_each_their_own_pictures(page: "Page", browser: "Browser", ui: str, service: str) -> None:
    other = browser.new_page()
    open_page(page, ui, prompt=RED, steps=40, seed=1)
    open_page(other, ui, prompt=BLUE, steps=40, seed=2)
    generate(page)
    generate(other)
    for who, prompt, seed in ((page, RED, 1), (other, BLUE, 2)):
        figure = figures(who, 1).first
        assert prompt in figure.inner_text()
        asked = {"prompt": prompt, "steps": 40, "seed": seed}
        alone = httpx.get(f"{service}/imagine", params=asked, trust_env=False).content
        assert np.abs(pixels(shown_bytes(figure)) - pixels(alone)).max() <= 2  # rounding beside a neighbour
    other.context.close()


def pixels(data: bytes) -> "np.ndarray":
    return np.asarray(Image.open(io.BytesIO(data))).astype(int)


def test_one_persons_cancel_leaves_the_others_picture(page: "Page", browser: "Browser", ui: str) -> None:
    other = browser.new_page()
    open_page(page, ui, prompt=RED, steps=60)
    open_page(other, ui, prompt=BLUE, steps=60)
    generate(page)
    generate(other)
    page.wait_for_selector("#progress progress[value]")
    other.wait_for_selector("#progress progress[value]")
    page.click("#cancel")
    page.get_by_text("Cancelled.").wait_for()
    assert BLUE in figures(other, 1).first.inner_text()
    assert page.locator("#pictures figure").count() == 0
    other.context.close()


def test_no_file_route_gives_a_picture_to_another(page: "Page", ui: str) -> None:
    """Every address that the page asked for while it drew is asked again by somebody else."""
    asked = []
    page.on("request", lambda request: asked.append((request.method, request.url)))
    open_page(page, ui, prompt=RED, steps=2, seed=3)
    generate(page)
    data = shown_bytes(figures(page, 1).first)
    text = (page.locator("#pictures img").get_attribute("src") or "").partition(",")[2][:400]
    addresses = {url for method, url in asked if method == "GET" and url.startswith(ui)}
    addresses |= {
        f"{ui}/gradio_api/file={name}" for name in ("imagine-3.png", "/tmp/gradio", "/tmp/gradio/imagine-3.png")
    }
    addresses |= {f"{ui}/config", f"{ui}/gradio_api/info", f"{ui}/gradio_api/file/imagine-3.png"}
    for address in addresses:
        assert text not in peek(address), address
        assert data[:200] not in peek(address).encode("latin1", "replace"), address


def peek(address: str) -> str:
    """What somebody else gets there within two seconds."""
    began, got = time.monotonic(), ""
    try:
        with httpx.stream("GET", address, timeout=2, trust_env=False) as answer:
            for chunk in answer.iter_raw():
                got += chunk.decode("latin1")
                if time.monotonic() - began > 2:
                    break
    except httpx.HTTPError:
        pass  # it ended, or had nothing to say
    return got


def test_another_session_cannot_listen_or_cancel(page: "Page", ui: str) -> None:
    joined = []
    page.on("request", lambda request: joined.append(request.post_data or "") if "queue/join" in request.url else None)
    open_page(page, ui, prompt=RED, steps=60, seed=4)
    generate(page)
    page.wait_for_selector("#progress progress[value]")
    body = json.loads(joined[-1])
    cancel = {"data": [], "fn_index": body["fn_index"] + 2, "session_hash": "somebodyelse"}
    answer = httpx.post(f"{ui}/gradio_api/run/predict", json=cancel, trust_env=False)
    assert answer.status_code == 200
    assert "seed" not in peek(f"{ui}/gradio_api/queue/data?session_hash=somebodyelse")
    figures(page, 1)
