"""The flags of a compile, and what they mean together."""

import argparse
from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from compile.errors import UsageError
from compile.options import PRESETS, Lora, Options
from serve_app.core import NEURON_CORES, SCHEDULERS, Size
from serve_app.manifest import parse_size

DESCRIPTION = """A checkpoint to an artifact. Also: python -m compile verify DIR | publish DIR s3://BUCKET/PREFIX |
fetch s3://BUCKET/PREFIX DIR"""
EPILOG = """exit codes: 0 done; 1 cannot go on; 2 wrong flag; 3 some graphs failed, the others are kept; 4 a graph
differs from the eager module; 5 an artifact is damaged or does not fit this machine; 130 interrupted"""


def read_options(argv: Sequence[str]) -> tuple[Options, argparse.Namespace]:
    """Options from a preset and the flags given beside it, and the flags that are no options. Raises UsageError."""
    arguments = _parser().parse_args(argv)
    given = {field.name: getattr(arguments, field.name) for field in fields(Options) if hasattr(arguments, field.name)}
    options = Options(**{**PRESETS.get(arguments.preset, {}), **given})
    return _fitting(options, given), arguments


def _fitting(options: Options, given: dict[str, Any]) -> Options:
    """Fill in what depends on the target, and refuse what does not fit it."""
    if options.target == "neuron":
        if options.device not in ("inf2", "trn1"):
            if "device" in given:
                raise UsageError(f"--instance-type {options.device}: allowed for neuron: inf2, trn1")
            options = replace(options, device="inf2")
        if "rows" not in given and options.rows == Options.rows:
            options = replace(options, rows=(2,))
        if odd := [rows for rows in options.rows if rows % NEURON_CORES]:
            raise UsageError(f"--rows {odd[0]}: two NeuronCores share a call; allowed: even numbers")
    elif options.device not in ("cpu", "cuda"):
        raise UsageError(f"--instance-type {options.device}: allowed for aot: cpu, cuda")
    if max(options.rows) < 2:
        raise UsageError(
            f"--rows {options.rows[0]}: a guided image takes two rows; allowed: at least one number above 1"
        )
    return options


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m compile", description=DESCRIPTION, epilog=EPILOG, argument_default=argparse.SUPPRESS
    )
    parser.add_argument("model", help="folder in diffusers layout, or a Hugging Face hub id")
    parser.add_argument("--output", required=True, metavar="DIR|s3://…", help="the artifact, which must not exist")
    parser.add_argument("--target", choices=["aot", "neuron"], help="default aot")
    parser.add_argument("--preset", choices=list(PRESETS), default=None, help="target, sizes and rows in one word")
    parser.add_argument("--device", "--instance-type", dest="device", choices=["cpu", "cuda", "inf2", "trn1"])
    parser.add_argument("--size", dest="sizes", action=_Append, type=_size, metavar="WxH", help="repeat for more")
    parser.add_argument("--rows", type=_rows, metavar="1,2,4,8", help="UNet batches: two rows for a guided image")
    parser.add_argument("--dtype", choices=["float32", "bfloat16", "float16"], help="aot only; default float32")
    parser.add_argument(
        "--lora", dest="loras", action=_Append, type=_lora, metavar="FILE:SCALE", help="repeat for more"
    )
    parser.add_argument("--threads", type=_count, help="aot on a CPU: threads of a call; default: CPUs but one")
    parser.add_argument("--vae", metavar="ID", help="another autoencoder: a folder or a hub id")
    parser.add_argument("--scheduler", choices=list(SCHEDULERS), help="the default scheduler of the artifact")
    parser.add_argument("--auto-cast", choices=["none", "matmul", "all"], help="neuron only; default matmul")
    parser.add_argument("--auto-cast-type", choices=["bf16", "fp16", "tf32"], help="neuron only; default bf16")
    parser.add_argument("--opt-level", choices=["1", "2", "3"], help="neuron only; default 2")
    parser.add_argument(
        "--jobs", type=_count, default=None, help="graphs compiled at a time; default: as memory allows"
    )
    parser.add_argument("--reuse", type=Path, default=None, metavar="DIR", help="take unchanged graphs from here")
    parser.add_argument(
        "--check", action=argparse.BooleanOptionalAction, default=None, help="compare with eager modules"
    )
    parser.add_argument("--dry-run", action="store_true", default=False, help="print the plan and stop")
    parser.add_argument("--log", choices=["text", "json"], default="text", help="json: one event per line on stderr")
    return parser


class _Append(argparse.Action):
    """Collects a repeated flag into a tuple; argparse's own would share a list between parsers."""

    def __call__(self, parser: Any, namespace: Any, value: Any, option: Any = None) -> None:
        setattr(namespace, self.dest, (*getattr(namespace, self.dest, ()), value))


def _size(text: str) -> Size:
    try:
        return parse_size(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r}; allowed: WIDTHxHEIGHT, such as 1024x1024") from None


def _count(text: str) -> int:
    if not text.isdigit() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r}; allowed: a number above 0")
    return int(text)


def _rows(text: str) -> tuple[int, ...]:
    parts = text.split(",")
    if not all(part.isdigit() and int(part) > 0 for part in parts):
        raise argparse.ArgumentTypeError(f"{text!r}; allowed: numbers above 0, separated by commas")
    return tuple(sorted({int(part) for part in parts}))


def _lora(text: str) -> Lora:
    path, _, scale = text.rpartition(":")
    try:
        lora = Lora(path, float(scale))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r}; allowed: FILE:SCALE, such as style.safetensors:0.8") from None
    if not Path(path).is_file():
        raise argparse.ArgumentTypeError(f"{text!r}: there is no file {path}")
    return lora
