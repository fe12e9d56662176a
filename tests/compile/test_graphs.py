"""Names and keys of graphs."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from compile.graphs import GraphSpec, graph_key, graphs_of
from compile.options import Lora, Options

OPTIONS = Options(model="demo", output="out", sizes=((64, 64), (64, 32)), rows=(2, 4))
UNET = GraphSpec("unet", (64, 64), 2)
TOOLS = {"torch": "2.13.0"}


def key(**changes: Any) -> str:
    return graph_key(UNET, replace(OPTIONS, **changes), "abc", TOOLS)


def test_every_size_has_an_autoencoder_and_every_row_count_a_unet() -> None:
    assert [graph.name for graph in graphs_of(OPTIONS)] == [
        "text_encoder",
        "text_encoder_2",
        *("vae_encoder-64x64", "vae_decoder-64x64", "unet-64x64-rows2", "unet-64x64-rows4"),
        *("vae_encoder-64x32", "vae_decoder-64x32", "unet-64x32-rows2", "unet-64x32-rows4"),
    ]


@pytest.mark.parametrize(
    "changes", [{"dtype": "bfloat16"}, {"device": "cuda"}, {"vae": "x"}, {"opt_level": "1"}, {"threads": 99}]
)
def test_what_changes_a_graph_changes_its_key(changes: dict[str, Any]) -> None:
    assert key(**changes) != key()


@pytest.mark.parametrize("changes", [{"output": "x"}, {"sizes": ((8, 8),)}, {"rows": (16,)}, {"scheduler": "ddim"}])
def test_what_does_not_change_a_graph_keeps_its_key(changes: dict[str, Any]) -> None:
    assert key(**changes) == key()


def test_versions_and_revision_are_in_the_key() -> None:
    assert graph_key(UNET, OPTIONS, "abd", TOOLS) != key()
    assert graph_key(UNET, OPTIONS, "abc", {"torch": "2.14.0"}) != key()


def test_a_lora_is_known_by_its_content_and_scale_not_by_its_path(tmp_path: Path) -> None:
    for name, content in {"a": b"1", "b": b"1", "c": b"2"}.items():
        (tmp_path / name).write_bytes(content)
    keys = [key(loras=(Lora(str(tmp_path / name), scale),)) for name, scale in [("a", 1), ("b", 1), ("c", 1), ("a", 2)]]
    assert keys[0] == keys[1]
    assert len(set(keys)) == 3
