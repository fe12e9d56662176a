"""The limit: the compiled UNet alone, called in a loop on the rows that the service batches. A process of its own.

No text, no autoencoder, no sampler, no HTTP: what no server of this artifact on so many threads can exceed.
"""

import argparse
import json
import time
from pathlib import Path
from typing import Any


def inputs(folder: Path, rows: int) -> "list[Any]":
    """Random UNet inputs of the artifact's shapes."""
    import torch

    unet = json.loads((folder / "unet" / "config.json").read_text())
    tokens = json.loads((folder / "text_encoder" / "config.json").read_text())["max_position_embeddings"]
    pooled = unet["projection_class_embeddings_input_dim"] - 6 * unet["addition_time_embed_dim"]
    side = unet["sample_size"]
    return [
        torch.randn(rows, unet["in_channels"], side, side),
        torch.full((rows,), 500.0),
        torch.randn(rows, tokens, unet["cross_attention_dim"]),
        torch.randn(rows, pooled),
        torch.tensor([[128.0, 128, 0, 0, 128, 128]]).repeat(rows, 1),
    ]


def measure(folder: Path, rows: int, threads: int, seconds: float) -> list[float]:
    """Milliseconds of each UNet call of so many rows."""
    import torch

    torch.set_num_threads(threads)
    (graph,) = [
        graph
        for graph in json.loads((folder / "manifest.json").read_text())["graphs"]
        if graph["component"] == "unet" and graph["rows"] == rows
    ]
    unet = torch._inductor.aoti_load_package(str(folder / graph["file"]))
    batch, taken = inputs(folder, rows), []
    unet(*batch)
    until = time.perf_counter() + seconds
    while (began := time.perf_counter()) < until:
        unet(*batch)
        taken.append((time.perf_counter() - began) * 1000)
    return taken


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--rows", type=int, default=8)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=4)
    given = parser.parse_args()
    print(json.dumps(measure(given.model, given.rows, given.threads, given.seconds)))  # noqa: T201  (its result)
