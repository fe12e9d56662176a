"""What happens when: each handler answers an event of one page with changes to that page."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import gradio as gr

from gradio_ui import share, view
from gradio_ui.changes import Changes, begun, connected, ended, filled, not_connected
from gradio_ui.client import Client, Info
from gradio_ui.errors import UiError
from gradio_ui.form import Form
from gradio_ui.page import Parts
from gradio_ui.runs import Drawing, Run, Runs

MAX_SEED = 2**64 - 1
KEPT = ("prompt", "negative_prompt", "seed", "n", "model")
"""Fields that stay when another model is chosen."""


class Events:
    """The handlers. Gradio's session hash tells pages apart; they share nothing but the client."""

    def __init__(self, client: Client, parts: Parts) -> None:
        self.client = client
        self.parts = parts
        self.runs = Runs()
        self._info: Info | None = None

    async def connect(self, query: str, key: str) -> Changes:
        """Fill the form, or say why that cannot be done yet. Called until it can."""
        try:
            info = await self.client.info(key)
            await self.client.ready(key)
        except UiError as error:
            return not_connected(self.parts, error)
        self._info = info
        return connected(self.parts, share.from_query(query), info)

    async def restore(self, key: str, event: gr.EventData) -> Changes:
        """The settings of a dropped PNG (`infotext`), or of a picture of this session (`query`)."""
        found = share.from_infotext(event._data.get("infotext", "")) or share.from_query(event._data.get("query", ""))
        if not found:
            return {self.parts.banner: view.banner("This file holds no settings: it is not a PNG from this service.")}
        try:
            return filled(self.parts, found, await self.client.info(key))
        except UiError as error:
            return {self.parts.banner: view.banner(str(error))}

    async def choose_model(self, name: str, key: str) -> Changes:
        """Another model has other sizes and defaults."""
        try:
            changes = filled(self.parts, {"model": name}, await self.client.info(key))
        except UiError as error:
            return {self.parts.banner: view.banner(str(error))}
        kept = [self.parts.fields[field] for field in KEPT]
        return {part: change for part, change in changes.items() if part not in kept}

    async def generate(self, request: gr.Request, key: str, *fields: Any) -> AsyncGenerator[Changes, None]:
        """Draw what the form says."""
        form = Form(*fields).seeded()
        seeds = form.seeds(self._info.limits.seed if self._info else MAX_SEED)
        run = Run(self.client, form, key, [Drawing(seed) for seed in seeds])
        self.runs.start(str(request.session_hash), run)
        async with aclosing(self._show(run)) as changes:
            async for change in changes:
                yield change

    async def retry(self, request: gr.Request, key: str) -> AsyncGenerator[Changes, None]:
        """Draw what the last run could not."""
        if run := self.runs.find(str(request.session_hash)):
            run.key = key
            async with aclosing(self._show(run)) as changes:
                async for change in changes:
                    yield change

    async def _show(self, run: Run) -> AsyncGenerator[Changes, None]:
        shown = len(run.pictures)
        yield begun(self.parts, run)
        async with aclosing(run.progress()) as news:
            async for _ in news:
                changes: Changes = {self.parts.progress: view.progress(run)}
                if len(run.pictures) > shown:
                    shown = len(run.pictures)
                    changes[self.parts.pictures] = view.pictures(run)
                yield changes
        yield ended(self.parts, run)

    def cancel(self, request: gr.Request) -> None:
        self.runs.cancel(str(request.session_hash))

    def leave(self, request: gr.Request) -> None:
        """The page was closed: its rows are freed and its pictures forgotten."""
        self.runs.end(str(request.session_hash))


TO_LINK = "query => { history.replaceState(null, '', query); return location.href; }"
MAX_RUNS = 64
"""Runs at once, twice of what the service lets wait by default: it, not this page, says that it is full."""


def wire(blocks: gr.Blocks, parts: Parts, events: Events) -> None:
    """Which part calls which handler."""
    private: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
    light: dict[str, Any] = private | {"concurrency_limit": None}
    form = [*parts.form, parts.banner]
    setup = [*form, parts.key, parts.examples, parts.timer, parts.generate]
    blocks.load(events.connect, [parts.query, parts.key], setup, js="(_, key) => [location.search, key]", **light)
    parts.timer.tick(events.connect, [parts.query, parts.key], setup, js="(_, key) => [location.search, key]", **light)
    parts.key.submit(events.connect, [parts.query, parts.key], setup, js="(_, key) => [location.search, key]", **light)
    parts.fields["model"].input(events.choose_model, [parts.fields["model"], parts.key], form, **light)
    gr.on([parts.browser.upload, parts.browser.submit], events.restore, [parts.key], form, **light)
    parts.dice.click(None, None, parts.fields["seed"], js="() => ''", **light)
    parts.reuse.click(lambda seed: seed, parts.last_seed, parts.fields["seed"], **light)
    parts.examples.click(lambda sample: sample[0], parts.examples, parts.fields["prompt"], **light)
    blocks.load(None, None, parts.link, js="() => location.href", **light)
    parts.query.change(None, parts.query, parts.link, js=TO_LINK, **light)

    shown = [*form, parts.progress, parts.pictures, parts.key, parts.generate, parts.cancel]
    shown += [parts.query, parts.last_seed]
    drawing: dict[str, Any] = private | {"concurrency_limit": MAX_RUNS, "trigger_mode": "once"}
    parts.generate.click(events.generate, [parts.key, *parts.form], shown, **drawing)
    parts.retry.click(events.retry, [parts.key], shown, **drawing)
    parts.cancel.click(events.cancel, queue=False, **light)
    blocks.unload(events.leave)
