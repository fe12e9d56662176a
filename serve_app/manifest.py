"""The artifact directory: compiled graphs in diffusers' layout, and `manifest.json`, which says what they are."""

import hashlib
import platform
from collections.abc import Collection, Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated, Literal

from packaging.version import Version
from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainSerializer, ValidationError

from serve_app.core import Size, size_name
from serve_app.errors import ArtifactError

FILE = "manifest.json"
Component = Literal["text_encoder", "text_encoder_2", "unet", "vae_encoder", "vae_decoder"]


def parse_size(text: str) -> Size:
    """'1024x768' -> (1024, 768). Raises ValueError."""
    width, _, height = text.partition("x")
    return int(width), int(height)


def _size(value: object) -> object:
    return parse_size(value) if isinstance(value, str) else value


SizeName = Annotated[Size, BeforeValidator(_size), PlainSerializer(size_name, return_type=str)]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())


class Graph(_Record):
    """One compiled graph. Text encoders have no size; `rows` is its batch, on Neuron the batch of both cores."""

    component: Component
    size: SizeName | None
    rows: int
    file: str
    key: str
    """Changes with whatever it was compiled from; a graph with the same key need not be compiled again."""
    relative_error: float | None = None
    """Against the eager module on random inputs; None where it was compiled on a machine that cannot run it."""


class FileEntry(_Record):
    sha256: str
    bytes: int


class Manifest(_Record):
    """What is in an artifact directory and what it needs."""

    schema_version: Literal[1] = 1
    family: Literal["sdxl"] = "sdxl"
    backend: Literal["aot", "neuron"]
    device: Literal["cpu", "cuda", "inf2", "trn1"]
    model: str
    revision: str
    sizes: tuple[SizeName, ...]
    rows: tuple[int, ...]
    dtype: str
    options: Mapping[str, str]
    """How it was compiled: LoRAs, VAE, casts."""
    tools: Mapping[str, str]
    """Versions of the packages that made it."""
    threads: int = 1
    """CPU threads of one call of a graph, which its loops were made for."""
    cpu_flags: tuple[str, ...] = ()
    """Instruction sets that its code uses."""
    weights: Mapping[Component, str] = {}
    """Files of weights that all graphs of a component share; absent where they are frozen into each graph."""
    graphs: tuple[Graph, ...]
    step_cost: Mapping[str, Mapping[int, float]] = {}
    """Milliseconds of one UNet call by size and rows; empty where it was compiled on a machine that cannot run it."""
    memory_bytes: int
    files: Mapping[str, FileEntry]

    def of_sizes(self, sizes: Collection[Size]) -> "Manifest":
        """What a replica that serves only these sizes loads."""
        graphs = tuple(graph for graph in self.graphs if graph.size is None or graph.size in sizes)
        return self.model_copy(update={"sizes": tuple(size for size in self.sizes if size in sizes), "graphs": graphs})


def is_artifact(folder: Path) -> bool:
    return (folder / FILE).is_file()


def read_manifest(folder: Path) -> Manifest:
    """The manifest of an artifact. Raises ArtifactError, naming the field."""
    path = folder / FILE
    try:
        return Manifest.model_validate_json(path.read_text())
    except OSError as error:
        raise ArtifactError(f"{path}: cannot be read: {error.strerror}") from error
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or "it"
        raise ArtifactError(f"{path}: {field}: {first['msg']}") from error


def hash_file(path: Path) -> FileEntry:
    with path.open("rb") as file:
        return FileEntry(sha256=hashlib.file_digest(file, "sha256").hexdigest(), bytes=path.stat().st_size)


def verify_files(folder: Path, manifest: Manifest) -> None:
    """Raise ArtifactError at the first file that is missing or is not what was compiled."""
    named = {graph.file for graph in manifest.graphs} | set(manifest.weights.values())
    if unknown := sorted(named - set(manifest.files)):
        raise ArtifactError(f"{folder / FILE}: files has no entry for {unknown[0]}")
    for name, entry in manifest.files.items():
        path = folder / name
        if not path.is_file():
            raise ArtifactError(f"{path}: this file of the artifact is missing; fetch or compile it again")
        if path.stat().st_size != entry.bytes:
            raise ArtifactError(f"{path}: has {path.stat().st_size} bytes instead of {entry.bytes}; fetch it again")
    for name, entry in manifest.files.items():
        if hash_file(folder / name).sha256 != entry.sha256:
            raise ArtifactError(f"{folder / name}: its content is not what was compiled (sha256); fetch it again")


def verify_machine(folder: Path, manifest: Manifest) -> None:
    """Raise ArtifactError if this machine has not what the artifact needs."""
    if manifest.backend == "aot":
        _exactly(folder, "torch", _made_with(folder, manifest, "torch"))
    else:
        _at_least(folder, "neuronx-cc", _made_with(folder, manifest, "neuronx-cc"))
    if missing := sorted(set(manifest.cpu_flags) - cpu_flags()):
        raise ArtifactError(
            f"{folder}: was compiled for a CPU with {', '.join(missing)}, which this one lacks; compile it on this "
            "kind of machine"
        )


def verify(folder: Path) -> Manifest:
    """Check everything that can be checked without loading a graph."""
    manifest = read_manifest(folder)
    verify_files(folder, manifest)
    verify_machine(folder, manifest)
    return manifest


def _made_with(folder: Path, manifest: Manifest, package: str) -> str:
    if package not in manifest.tools:
        raise ArtifactError(f"{folder / FILE}: tools has no version of {package}")
    return manifest.tools[package]


def _exactly(folder: Path, package: str, made_with: str) -> None:
    here = installed(package)
    if here is None or Version(here).public != Version(made_with).public:
        raise ArtifactError(
            f"{folder}: was compiled with {package} {made_with} and fits no other; here is {here or 'none'}"
        )


def _at_least(folder: Path, package: str, made_with: str) -> None:
    here = installed(package)
    if here is None:
        raise ArtifactError(f"{folder}: needs a Neuron machine: {package} is not installed here")
    if Version(here) < Version(made_with):
        raise ArtifactError(f"{folder}: was compiled with {package} {made_with}, newer than {here} here")


def installed(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


INSTRUCTION_SETS = (
    "avx",
    "f16c",
    "fma",
    "bmi",
    "sse",
    "ssse",
    "amx",
    "vaes",
    "gfni",
    "vpclmul",
    "popcnt",
    "asimd",
    "sve",
)


def cpu_flags() -> frozenset[str]:
    """This CPU's instruction sets, of those a compiler may use; none where the system does not tell."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return frozenset()
    flags: Iterable[str] = next((line.split() for line in lines if line.startswith(("flags", "Features"))), [])
    return frozenset(flag for flag in flags if flag.startswith(INSTRUCTION_SETS)) | {platform.machine()}
