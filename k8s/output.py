"""What people and programs read: results on stdout, progress and errors on stderr; as JSON, stdout is one object."""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from k8s.errors import K8sError


@dataclass(frozen=True)
class Result:
    """What a command found: the same for programs and as lines."""

    data: Any
    """None where all was said line by line."""
    lines: Sequence[str]
    exit_code: int = field(default=0)


class Output:
    def __init__(self, form: str) -> None:
        self.json = form == "json"

    def say(self, line: str) -> None:
        """Progress."""
        print(line, file=sys.stderr, flush=True)  # noqa: T201

    def line(self, line: str) -> None:
        """One of many, as they come: a log."""
        print(line, flush=True)  # noqa: T201

    def result(self, result: Result) -> None:
        text = json.dumps(result.data, indent=2, default=str) if self.json else "\n".join(result.lines)
        if text and result.data is not None:
            print(text, flush=True)  # noqa: T201

    def error(self, error: K8sError) -> None:
        if self.json:
            kind = type(error).__name__
            told = {"kind": kind, "message": str(error), "advice": error.advice, "exit_code": error.exit_code}
            print(json.dumps({"error": told}, indent=2), flush=True)  # noqa: T201
        self.say(f"error: {error}" + (f" -> {error.advice}" if error.advice else ""))
