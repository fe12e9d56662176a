"""The page as an HTTP application."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import gradio as gr
from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gradio_ui.client import Client
from gradio_ui.events import MAX_RUNS, Events, wire
from gradio_ui.page import SCRIPT, STYLE, build_parts, theme

CLOSED = (
    "/gradio_api/file", "/gradio_api/upload", "/gradio_api/stream", "/gradio_api/proxy", "/gradio_api/deep_link",
    "/gradio_api/process_recording", "/gradio_api/component_server", "/gradio_api/vibe", "/gradio_api/custom_component",
    "/gradio_api/call", "/gradio_api/api", "/monitoring", "/gradio_api/profiling",
)  # fmt: skip
"""Gradio's routes for files, other hosts and programs. The page uses none: pictures travel inside its events."""

POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; "
    "object-src 'none'; base-uri 'self'; form-action 'self'"
)
"""The browser itself refuses to fetch anything from elsewhere."""


class Closed:
    """Answers 404 where Gradio would serve files, and sends the policy with every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        if scope["path"].lower().replace("//", "/").startswith(CLOSED):
            return await PlainTextResponse("not found", 404)(scope, receive, send)

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = {
                    b"content-security-policy": POLICY.encode(),
                    b"x-content-type-options": b"nosniff",
                    b"referrer-policy": b"no-referrer",
                }
                message["headers"] = [*message.get("headers", []), *headers.items()]
            await send(message)

        await self.app(scope, receive, guarded)


def build_blocks(client: Client) -> gr.Blocks:
    """The page with its events."""
    blocks = gr.Blocks(title="imagine", analytics_enabled=False)
    with blocks:
        parts = build_parts()
        wire(blocks, parts, Events(client, parts))
    blocks.queue(max_size=2 * MAX_RUNS, api_open=False)
    return blocks


def create_app(client: Client) -> FastAPI:
    """The page, and /healthz for probes."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[None, None]:
        yield
        await client.close()

    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan, middleware=[Middleware(Closed)])

    @app.get("/healthz")
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    gr.mount_gradio_app(
        app, build_blocks(client), path="/", theme=theme(), css=STYLE, head=SCRIPT, footer_links=[], ssr_mode=False,
        mcp_server=False, enable_monitoring=False, show_error=False, max_file_size=0,
    )  # fmt: skip
    return app
