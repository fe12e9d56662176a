"""What happens during a compile: sentences and a bar for people, or one line of JSON per event for programs."""

import json
import sys
import time
from typing import Any

from tqdm import tqdm


class Events:
    """Writes to stderr, so that stdout is free for results."""

    def __init__(self, as_json: bool) -> None:
        self._as_json = as_json
        self._bar: tqdm[Any] | None = None

    def say(self, event: str, text: str, **fields: Any) -> None:
        """One event. `text` is for people, `event` and `fields` for programs."""
        if self._as_json:
            line = {"time": round(time.time(), 3), "event": event, **fields}
            print(json.dumps(line, default=str), file=sys.stderr, flush=True)  # noqa: T201
        else:
            tqdm.write(text, file=sys.stderr)

    def begin(self, total_s: float) -> None:
        """Show a bar over so many estimated seconds of work."""
        if not self._as_json:
            shape = "{l_bar}{bar}| {elapsed} gone, about {remaining} left"
            self._bar = tqdm(total=total_s, file=sys.stderr, bar_format=shape, leave=False, disable=None)

    def progress(self, done_s: float) -> None:
        if self._bar is not None:
            self._bar.n = min(done_s, self._bar.total)
            self._bar.refresh()

    def end(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None
