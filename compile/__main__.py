"""`python -m compile`: a checkpoint to an artifact; verify, publish and fetch artifacts."""

import argparse
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from compile.errors import CompileError
from compile.events import Events
from compile.flags import read_options
from serve_app.errors import SettingsError


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code that the help lists."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    commands: dict[str, Callable[[Sequence[str]], int]] = {"verify": _verify, "publish": _publish, "fetch": _fetch}
    run = commands.get(arguments[0]) if arguments else None
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        return run(arguments[1:]) if run else _compile(arguments)
    except CompileError as error:
        return _fail(error, error.exit_code)
    except SettingsError as error:
        return _fail(error, 5)
    except KeyboardInterrupt:
        return _fail("interrupted; the same command goes on from the graphs that are finished", 130)


def _interrupt(*_: object) -> None:
    """A cluster that ends the job gets the same clean end as Ctrl-C."""
    raise KeyboardInterrupt


def _fail(error: object, code: int) -> int:
    print(f"error: {error}", file=sys.stderr)  # noqa: T201
    return code


def _compile(argv: Sequence[str]) -> int:
    options, arguments = read_options(argv)
    from compile.build import build, plan_of  # torch and diffusers take seconds to import
    from compile.checker import can_check
    from compile.plan import plan_text

    options, plan = plan_of(options, arguments.jobs)
    print(plan_text(plan))  # noqa: T201
    if arguments.dry_run:
        return 0
    events = Events(as_json=arguments.log == "json")
    check = can_check(options) if arguments.check is None else arguments.check
    if not check:
        events.say("unchecked", "the graphs will not be compared with the eager modules")
    folder, url = _destination(options.output)
    build(replace(options, output=str(folder)), plan, events, arguments.reuse, check)
    if url:
        from compile.store import publish

        publish(folder, url, events)
    events.say("done", f"done: {url or folder}", output=url or str(folder))
    return 0


def _destination(output: str) -> tuple[Path, str]:
    """A local folder to build in, and the URL to publish to, or none."""
    if output.startswith("s3://"):
        return Path("build") / output.rstrip("/").rsplit("/", 1)[-1], output
    return Path(output), ""


def _verify(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m compile verify", description="Check files, versions and machine.")
    parser.add_argument("folder", type=Path)
    from serve_app.manifest import verify

    folder = parser.parse_args(argv).folder
    manifest = verify(folder)
    print(f"{folder}: {manifest.backend} for {manifest.device}, {len(manifest.files)} files are as compiled")  # noqa: T201
    return 0


def _publish(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m compile publish", description="Upload an artifact.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("url", metavar="s3://BUCKET/PREFIX")
    parser.add_argument("--log", choices=["text", "json"], default="text")
    from compile.store import publish

    arguments = parser.parse_args(argv)
    publish(arguments.folder, arguments.url, Events(arguments.log == "json"))
    return 0


def _fetch(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m compile fetch", description="Download an artifact and verify it.")
    parser.add_argument("url", metavar="s3://BUCKET/PREFIX")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--configs", action="store_true", help="without graphs and weights, as Ray's head needs it")
    parser.add_argument("--log", choices=["text", "json"], default="text")
    from compile.store import fetch

    arguments = parser.parse_args(argv)
    fetch(arguments.url, arguments.folder, Events(arguments.log == "json"), arguments.configs)
    return 0


if __name__ == "__main__":
    sys.exit(main())
