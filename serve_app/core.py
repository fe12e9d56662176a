"""The types that every layer shares. No tensor, no HTTP, no Ray."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

Size = tuple[int, int]
"""Width and height in pixels."""

NEURON_CORES = 2
"""Of an Inferentia2 chip: one replica takes both."""

MAX_PROMPT = 2000
MAX_STEPS = 100
MAX_IMAGES = 4
MAX_SEED = 2**64 - 1
MAX_GUIDANCE = 50.0

SCHEDULERS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "euler": ("Euler", "Automatic"),
        "euler_ancestral": ("Euler a", "Automatic"),
        "dpmpp_2m": ("DPM++ 2M", "Automatic"),
        "dpmpp_2m_karras": ("DPM++ 2M", "Karras"),
        "ddim": ("DDIM", "Automatic"),
        "unipc": ("UniPC", "Automatic"),
        "lcm": ("LCM", "Automatic"),
        "heun": ("Heun", "Automatic"),
    }
)
"""Our scheduler names, each with its sampler and schedule type in A1111's words."""

MEDIA_TYPES: Mapping[str, str] = MappingProxyType({"png": "image/png", "jpeg": "image/jpeg", "webp": "image/webp"})


def size_name(size: Size) -> str:
    """(1024, 768) -> '1024x768'."""
    return f"{size[0]}x{size[1]}"


@dataclass(frozen=True)
class ModelInfo:
    """What a served model is and accepts. `revision` changes when its pictures may."""

    name: str
    revision: str
    sizes: tuple[Size, ...]
    scheduler: str
    steps: int
    guidance_scale: float


@dataclass(frozen=True)
class GenerateOptions:
    """What a client said, checked value by value; None is what it left open."""

    prompt: str
    negative_prompt: str = ""
    model: str | None = None
    seed: int | None = None
    steps: int | None = None
    guidance_scale: float | None = None
    width: int | None = None
    height: int | None = None
    scheduler: str | None = None
    n: int = 1
    format: str = "png"
    quality: int = 90


@dataclass(frozen=True)
class GenerateRequest:
    """A complete request: every default filled in, every value checked. Image i of n uses seed + i (modulo 2^64)."""

    model: str
    prompt: str
    negative_prompt: str
    seed: int
    steps: int
    guidance_scale: float
    width: int
    height: int
    scheduler: str
    n: int = 1
    format: str = "png"
    quality: int = 90

    @property
    def seeds(self) -> tuple[int, ...]:
        return tuple((self.seed + i) % (MAX_SEED + 1) for i in range(self.n))


@dataclass(frozen=True)
class ReplicaCounts:
    """Replicas that serve, and those that load their model or wait for cores; `note` may say for what."""

    running: int
    starting: int = 0
    note: str = ""


@dataclass(frozen=True)
class Picture:
    """One encoded image, the seed that made it, and seconds spent by phase (queue, text, denoise, decode, encode)."""

    data: bytes
    seed: int
    timings: Mapping[str, float]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Queued:
    """A stream's first event: the jobs that wait before this one."""

    position: int


@dataclass(frozen=True)
class Step:
    """A stream's event after each denoising step."""

    step: int
    of: int


@dataclass(frozen=True)
class Done:
    """A stream's last event."""

    picture: Picture


Event = Queued | Step | Done
