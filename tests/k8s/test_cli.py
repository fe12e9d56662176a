"""The command line, without a cluster."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from k8s import errors
from k8s.__main__ import main
from k8s.cli import EXIT_CODES


@pytest.mark.parametrize(
    "words",
    [[], ["deply"], ["deploy", "--timeout", "long"], ["render", "--overlay", "gpu"], ["logs", "everything"]],
)
def test_a_wrong_command_line_is_2_and_one_line(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("error: ") and err.count("\n") == 1


def test_errors_are_json_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["render", "--overlay", "gpu", "--output", "json"]) == 2
    told = json.loads(capsys.readouterr().out)["error"]
    assert told["kind"] == "Usage" and told["exit_code"] == 2 and "--overlay gpu" in told["message"]


def test_port_forward_tells_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["port-forward"]) == 0
    told = capsys.readouterr().out.splitlines()
    assert "kubectl -n imagine port-forward svc/imagine-serve-svc 8000" in told
    assert "kubectl -n imagine port-forward svc/imagine-head-svc 8265" in told


def test_every_exit_code_is_told_and_its_own() -> None:
    kinds = [errors.K8sError, *errors.K8sError.__subclasses__()]
    codes = [kind.exit_code for kind in kinds]
    assert len(set(codes)) == len(codes)
    for code in codes:
        assert f"  {code}  " in EXIT_CODES
        assert f" {code} " in (errors.__doc__ or "")


def test_help_tells_the_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["--help"])
    assert end.value.code == 0 and EXIT_CODES in capsys.readouterr().out


def test_rendering_loads_neither_a_client_of_kubernetes_nor_ray() -> None:
    """Each takes a second or two."""
    code = "import sys, k8s.__main__ as m; m.main(['port-forward']); print({'kubernetes', 'ray'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=Path(__file__).parents[2])
    assert done.stdout.splitlines()[-1] == "set()"


def test_a_reader_that_leaves_early_is_no_error() -> None:
    command = f"{sys.executable} -m k8s render | head -1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, cwd=Path(__file__).parents[2])
    assert done.stdout == "apiVersion: v1\n" and done.stderr == ""
