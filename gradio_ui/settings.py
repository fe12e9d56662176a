"""All settings: one frozen object, read once from flags, variables and defaults, in this order."""

import argparse
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from gradio_ui.errors import SettingsError


@dataclass(frozen=True)
class Settings:
    """Where the service is, and where the page is."""

    service: str
    endpoint: str
    host: str
    port: int
    api_key: str

    @property
    def prefix(self) -> str:
        """URL under which the service's routes are: the service, and what stands before `/imagine`."""
        return self.service.rstrip("/") + self.endpoint.removesuffix("/imagine")


@dataclass(frozen=True)
class Knob:
    """One setting: its flag, its variable, its default, how it is read, and what for."""

    field: str
    variable: str
    default: str
    read: Callable[[str], Any]
    about: str

    @property
    def flag(self) -> str:
        return "--" + self.field.replace("_", "-")


def _url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("allowed: an http:// or https:// address, such as http://localhost:8000")
    _ = parts.port  # raises ValueError for a wrong one
    return text


def _endpoint(text: str) -> str:
    if not text.startswith("/") or not text.endswith("/imagine"):
        raise ValueError("allowed: a path that ends in /imagine")
    return text


def _port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 65_535:
        raise ValueError("allowed: 1 to 65535")
    return int(text)


KNOBS = (
    Knob("service", "SERVICE_NAME", "http://localhost:8000", _url, "address of the service"),
    Knob("endpoint", "MODEL_ENDPOINT", "/imagine", _endpoint, "path of the service's /imagine"),
    Knob("host", "GRADIO_SERVER_NAME", "127.0.0.1", str, "address the page listens on"),
    Knob("port", "GRADIO_SERVER_PORT", "7860", _port, "port the page listens on"),
    Knob("api_key", "SERVICE_API_KEY", "", str, "key sent to the service for every user; empty: none, or asked for"),
)


def load_settings(argv: Sequence[str] = (), environ: Mapping[str, str] | None = None) -> Settings:
    """Settings from flags, then the environment, then defaults. Raises SettingsError."""
    given = os.environ if environ is None else environ  # noqa: TID251  (the one place that reads it)
    flags = vars(_parser().parse_args(argv))
    values = {}
    for knob in KNOBS:
        name, text = knob.flag, flags[knob.field]
        if text is None:
            name, text = knob.variable, given.get(knob.variable) or knob.default
        try:
            values[knob.field] = knob.read(text)
        except ValueError as error:
            raise SettingsError(f"{name} = {text!r}: {error}") from None
    return Settings(**values)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m gradio_ui", description="A web page in front of the image service.")
    for knob in KNOBS:
        about = f"{knob.about} [{knob.variable}; {knob.default or 'none'}]"
        parser.add_argument(knob.flag, dest=knob.field, metavar="VALUE", help=about)
    return parser


def keep_gradio_quiet() -> None:
    """No telemetry, no look for updates, whatever the environment says. To be called before gradio is imported."""
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # noqa: TID251
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"  # noqa: TID251
    os.environ["HF_HUB_OFFLINE"] = "1"  # noqa: TID251
