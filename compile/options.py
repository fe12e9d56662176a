"""What is asked of the compile step, and the presets that answer most of it."""

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from serve_app.core import Size

Target = Literal["aot", "neuron"]


@dataclass(frozen=True)
class Lora:
    """A LoRA file to fuse into the weights, and how strongly."""

    path: str
    scale: float


@dataclass(frozen=True)
class Options:
    """One compile. `rows` are UNet batches per call; on Neuron both cores share a call, so they are even."""

    model: str
    output: str
    target: Target = "aot"
    device: Literal["cpu", "cuda", "inf2", "trn1"] = "cpu"
    sizes: tuple[Size, ...] = ()
    rows: tuple[int, ...] = (2, 4, 8)
    dtype: Literal["float32", "bfloat16", "float16"] = "float32"
    loras: tuple[Lora, ...] = ()
    vae: str = ""
    scheduler: str = ""
    auto_cast: Literal["none", "matmul", "all"] = "matmul"
    auto_cast_type: Literal["bf16", "fp16", "tf32"] = "bf16"
    opt_level: Literal["1", "2", "3"] = "2"
    threads: int = field(default_factory=lambda: max(1, (os.cpu_count() or 1) - 1))
    """CPU threads of one call, which the compiler writes loops for."""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "Options":
        return cls(
            **{
                **values,
                "sizes": tuple((width, height) for width, height in values["sizes"]),
                "rows": tuple(values["rows"]),
                "loras": tuple(Lora(**lora) for lora in values["loras"]),
            }
        )


PRESETS: Mapping[str, Mapping[str, Any]] = {
    "demo": {"target": "aot", "device": "cpu", "sizes": ((128, 128),), "rows": (1, 2, 4, 8), "threads": 1},
    "sdxl-cpu": {"target": "aot", "device": "cpu", "sizes": ((1024, 1024),), "rows": (2,)},
    "sdxl-inf2": {"target": "neuron", "device": "inf2", "sizes": ((1024, 1024),), "rows": (2,)},
}
"""What a preset sets; a flag given beside it wins. One row is for two lanes that share a guided image; the large models
have one lane, where an unguided image takes a padded pair."""
