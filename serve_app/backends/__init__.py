"""The machines that can run the networks, loaded only when asked for."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from serve_app.settings import Settings

if TYPE_CHECKING:
    from serve_app.backends.base import Backend


def _eager(folder: Path, settings: Settings) -> "Backend":
    from serve_app.backends.eager import EagerBackend

    return EagerBackend.load(folder, settings.device, settings.dtype, settings.max_rows)


BACKENDS: dict[str, Callable[[Path, Settings], "Backend"]] = {"eager": _eager}


def load_backend(name: str, folder: Path, settings: Settings) -> "Backend":
    """Load the model in `folder` on the named backend."""
    return BACKENDS[name](folder, settings)
