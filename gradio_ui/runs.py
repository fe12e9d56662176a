"""The pictures that one person has asked for, drawn at once: one stream each."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field

from gradio_ui.client import Client, Done, Event
from gradio_ui.errors import Refused, UiError
from gradio_ui.form import Form

NEWS_S = 0.1
"""Least time between two looks at a run: a page needs no more than ten a second."""


@dataclass
class Drawing:
    """One picture in the making."""

    seed: str
    event: Event | None = None
    error: UiError | None = None
    starting: bool = False

    @property
    def picture(self) -> Done | None:
        return self.event if isinstance(self.event, Done) else None

    @property
    def over(self) -> bool:
        return self.error is not None or self.picture is not None


@dataclass(eq=False)
class Run:
    """The drawings of one press of the button."""

    client: Client
    form: Form
    key: str
    drawings: list[Drawing]
    cancelled: bool = False
    began: float = field(default_factory=time.time)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def over(self) -> bool:
        return self.cancelled or all(drawing.over for drawing in self.drawings)

    @property
    def pictures(self) -> list[Done]:
        return [drawing.picture for drawing in self.drawings if drawing.picture]

    @property
    def errors(self) -> list[UiError]:
        return [drawing.error for drawing in self.drawings if drawing.error]

    def cancel(self) -> None:
        """Close the streams, so that the service frees their rows."""
        self.cancelled = True
        self._changed.set()

    async def progress(self) -> AsyncGenerator[None, None]:
        """Draw what is not drawn yet; yields when there is news. Closing it cancels what is left."""
        self.cancelled, self._changed = False, asyncio.Event()
        tasks = []
        for drawing in self.drawings:
            if not drawing.picture:
                drawing.event = drawing.error = None
                tasks.append(asyncio.create_task(self._draw(drawing)))
        try:
            while not self.over:
                yield
                await self._changed.wait()
                if not self.over:
                    await asyncio.sleep(NEWS_S)
                self._changed.clear()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _draw(self, drawing: Drawing) -> None:
        try:
            while not await self._draw_once(drawing):
                pass
        except UiError as error:
            drawing.error = error
        self._changed.set()

    async def _draw_once(self, drawing: Drawing) -> bool:
        """True if drawn. While the service is starting, waits as long as it asks for and returns False."""
        try:
            async with aclosing(self.client.stream(self.form.query(drawing.seed), self.key)) as events:
                async for event in events:
                    drawing.event, drawing.starting = event, False
                    self._changed.set()
            return True
        except Refused as refused:
            if not refused.starting:
                raise
            drawing.starting = True
            self._changed.set()
            await asyncio.sleep(refused.retry_after or 2)
            return False


class Runs:
    """The latest run of each page that is open, so that nobody reaches another's."""

    def __init__(self) -> None:
        self._runs: dict[str, Run] = {}

    def start(self, session: str, run: Run) -> Run:
        self.end(session)
        self._runs[session] = run
        return run

    def find(self, session: str) -> Run | None:
        return self._runs.get(session)

    def end(self, session: str) -> None:
        """The page was closed or starts anew."""
        if run := self._runs.pop(session, None):
            run.cancel()

    def cancel(self, session: str) -> None:
        if run := self._runs.get(session):
            run.cancel()
