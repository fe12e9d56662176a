"""`python -m k8s`: one command, one exit code, no traceback."""

import sys
import threading
import warnings
from argparse import Namespace
from collections.abc import Callable, Sequence
from typing import TypeAlias

from k8s.cli import parser
from k8s.errors import K8sError
from k8s.output import Output, Result

Command: TypeAlias = Callable[[Namespace, Output], Result]
CTRL_C = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. The exit codes are those of k8s/errors.py."""
    words = list(sys.argv[1:] if argv is None else argv)
    out = Output("json" if "json" in words else "text")  # for errors of the command line itself
    try:
        args = parser().parse_args(words)
        out = Output(args.output)
        result = _command(args.command)(args, out)
        out.result(result)
        return result.exit_code
    except K8sError as error:
        out.error(error)
        return error.exit_code
    except KeyboardInterrupt:
        out.say("interrupted; what was applied stays, and running the command again goes on from there")
        return CTRL_C
    except BrokenPipeError:  # `… | head`
        sys.stderr.close()
        return 0


def _command(name: str) -> Command:
    """Imported only when wanted: a client of Kubernetes, or Ray, take a second each."""
    if name in ("render", "check", "plan", "port-forward"):
        from k8s import offline

        commands: dict[str, Command] = {
            "render": offline.show,
            "check": offline.check,
            "plan": offline.plan,
            "port-forward": offline.port_forward,
        }
        return commands[name]
    from k8s.client import commands as online

    found: Command = getattr(online, name)
    return found


if __name__ == "__main__":
    warnings.simplefilter("ignore")  # the libraries' own, which are for their authors
    threading.excepthook = lambda _: None  # a broken port-forward is told by who reads from it
    sys.exit(main())
