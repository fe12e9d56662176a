"""The command line of `python -m k8s`."""

import argparse

from k8s import errors

EXIT_CODES = """\
exit codes:
  0  done                          5  a kind (CRD) or an object is missing
  1  problems found, or failed     6  another field manager owns a field
  2  a wrong argument or overlay   7  not ready in time
  3  no cluster answers            8  cannot get ready: quota, image, secret, failed application
  4  not logged in or not allowed  130  Ctrl-C
"""
PODS = ("head", "ingress", "models", "redis", "replicas")


class Parser(argparse.ArgumentParser):
    """argparse's own errors as ours, so that --output json holds for them too."""

    def error(self, message: str) -> None:  # type: ignore[override]  # raising is no return either
        raise errors.Usage(f"{message} (`{self.prog} --help`)")


def parser() -> argparse.ArgumentParser:
    made = Parser(
        prog="python -m k8s",
        description="Render, check, deploy and watch imagine-server on Kubernetes.",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = made.add_subparsers(dest="command", required=True, metavar="COMMAND")
    output, chosen, access, waiting = _output(), _choice("cpu"), _access(), [_waiting()]
    applying = [*waiting, _applying()]

    commands.add_parser("render", help="manifests of an overlay, as YAML", parents=[output, chosen])
    _check(commands.add_parser("check", help="everything that can be found wrong without a cluster", parents=[output]))
    _plan(commands.add_parser("plan", help="replicas, nodes, cost and waiting time for a rate", parents=[output]))
    rolls = [output, chosen, access, *applying]
    commands.add_parser("deploy", help="apply, wait, and fetch the first picture", parents=rolls)
    upgrade = commands.add_parser("upgrade", help="the same for what is deployed; tells what changes", parents=rolls)
    rollback = commands.add_parser("rollback", help="back to a revision", parents=[output, access, *applying])
    rollback.add_argument("--to", type=int, metavar="REVISION", help="default: the one before the live one")
    for command in (upgrade, rollback):
        command.add_argument(
            "--replace", action="store_true", help="delete the Ray cluster, so that new pods come: a pause"
        )
    commands.add_parser("revisions", help="what was deployed before", parents=[output, access])
    commands.add_parser("status", help="how it is, and why something is pending", parents=[output, access])
    _logs(commands.add_parser("logs", help="of pods or of Ray's replicas", parents=[output, access]))
    commands.add_parser("port-forward", help="the commands that lead to it", parents=[output])
    delete = commands.add_parser(
        "delete", help="remove it; keeps buckets", parents=[output, _choice(""), access, *waiting]
    )
    delete.add_argument("--yes", action="store_true", help="do not ask")
    return made


def _output() -> Parser:
    group = Parser(add_help=False)
    group.add_argument("--output", choices=("text", "json"), default="text")
    return group


def _choice(default: str) -> Parser:
    group = Parser(add_help=False)
    group.add_argument("--overlay", default=default, help="cpu, inf2, or a folder of your own")
    group.add_argument("--instance", default="", help="size of inf2 nodes, such as inf2.48xlarge")
    group.add_argument("--image", default="", help="the server's image, with registry and tag")
    group.add_argument("--component", action="append", default=[], help="a folder of k8s/components; may be repeated")
    group.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a setting of the server")
    return group


def _access() -> Parser:
    group = Parser(add_help=False)
    group.add_argument("--kubeconfig", help="default: KUBECONFIG, ~/.kube/config, then the pod's service account")
    group.add_argument("--context", help="default: the kubeconfig's current one")
    group.add_argument("--in-cluster", action="store_true", help="use the pod's service account")
    return group


def _waiting() -> Parser:
    group = Parser(add_help=False)
    group.add_argument("--timeout", type=float, default=1800.0, metavar="SECONDS", help="default: half an hour")
    group.add_argument("--poll", type=float, default=5.0, metavar="SECONDS", help=argparse.SUPPRESS)
    return group


def _applying() -> Parser:
    group = Parser(add_help=False)
    group.add_argument("--no-wait", action="store_true", help="apply, and leave")
    group.add_argument("--force-conflicts", action="store_true", help="take fields that other managers own")
    return group


def _check(command: argparse.ArgumentParser) -> None:
    command.add_argument("--overlay", action="append", default=[], help="cpu, inf2 or a folder; default: all of ours")
    command.add_argument(
        "--crds", metavar="FOLDER", help="CRDs of KubeRay, Karpenter, …; without it those kinds go unchecked"
    )


def _logs(command: argparse.ArgumentParser) -> None:
    command.add_argument("of", choices=PODS, help="`replicas` is what the server itself writes")
    command.add_argument("--tail", type=int, default=200, metavar="LINES")
    command.add_argument("--follow", action="store_true", help="go on, with the first of the pods")


def _plan(command: argparse.ArgumentParser) -> None:
    command.add_argument("--rate", required=True, help="pictures that are asked for, such as 20/s or 3/min")
    command.add_argument("--steps", type=int, default=30)
    command.add_argument("--size", default="1024x1024")
    command.add_argument("--instance", default="inf2.48xlarge")
    command.add_argument("--step-ms", type=float, default=260.0, help="a guided step at 1024x1024, if you measured it")
    command.add_argument("--max-wait", type=float, default=15.0, metavar="SECONDS", help="for 95 of 100 requests")
    command.add_argument("--max-rows", type=int, default=8, help="the server's setting")
    command.add_argument("--max-waiting", type=int, default=32, help="the server's setting")
