"""Which graphs an artifact has, what each is called, and the key under which a finished one is used again."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from compile.options import Options
from serve_app.core import Size, size_name
from serve_app.manifest import Component, hash_file


@dataclass(frozen=True)
class GraphSpec:
    """One graph to compile: text encoders have no size, and only the UNet has other rows than 1."""

    component: Component
    size: Size | None = None
    rows: int = 1

    @property
    def name(self) -> str:
        parts: list[str] = [self.component]
        parts += [size_name(self.size)] if self.size else []
        parts += [f"rows{self.rows}"] if self.component == "unet" else []
        return "-".join(parts)


def graphs_of(options: Options) -> list[GraphSpec]:
    """All graphs, the slowest kind last but one, so that a wrong setting shows early."""
    sized = [
        graph
        for size in options.sizes
        for graph in (
            GraphSpec("vae_encoder", size),
            GraphSpec("vae_decoder", size),
            *(GraphSpec("unet", size, rows) for rows in options.rows),
        )
    ]
    return [GraphSpec("text_encoder"), GraphSpec("text_encoder_2"), *sized]


def graph_key(graph: GraphSpec, options: Options, revision: str, tools: Mapping[str, str]) -> str:
    """Changes with model, shape, casts, LoRA files, VAE and versions, and not with which other graphs there are."""
    parts = {
        "graph": graph.name,
        "revision": revision,
        "tools": dict(tools),
        "options": {name: value for name, value in options.as_json().items() if name not in IRRELEVANT},
        "loras": [(hash_file(Path(lora.path)).sha256, lora.scale) for lora in options.loras],
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


IRRELEVANT = {"model", "output", "sizes", "rows", "loras", "scheduler"}
"""Options that change which graphs there are, or nothing in any of them."""
