"""Manifests for tests that have no graph to run."""

from typing import Any

from serve_app.manifest import Manifest


def a_manifest(**changes: Any) -> Manifest:
    """A manifest of a CPU artifact without graphs."""
    values: dict[str, Any] = {
        "backend": "aot",
        "device": "cpu",
        "model": "demo",
        "revision": "abc",
        "sizes": (),
        "rows": (2,),
        "dtype": "float32",
        "options": {},
        "tools": {},
        "graphs": (),
        "memory_bytes": 0,
        "files": {},
    }
    return Manifest(**(values | changes))
