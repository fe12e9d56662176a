"""Ways to a cluster, and what is said where there is none."""

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from api_server import ApiServer, kubeconfig
from kuberay import play, starting

from k8s.__main__ import main


@pytest.fixture
def nowhere(tmp_path: Path) -> str:
    """A kubeconfig that leads to a closed port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return str(kubeconfig(tmp_path, free.getsockname()[1]))


def test_nobody_listening_is_one_line(nowhere: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", "--kubeconfig", nowhere]) == 3
    (line,) = capsys.readouterr().err.splitlines()
    assert "the API server does not answer" in line and "Connection refused" in line and "--context" in line
    assert "HTTPConnectionPool" not in line


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (["--kubeconfig", "/nothing/here"], "no way to a cluster: "),
        (["--in-cluster"], "no way to a cluster: "),
    ],
)
def test_no_kubeconfig_is_one_line(more: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", *more]) == 3
    (line,) = capsys.readouterr().err.splitlines()
    assert told in line and "aws eks update-kubeconfig" in line


def test_a_context_that_is_not_there_is_named(access: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", "--kubeconfig", access, "--context", "prod"]) == 3
    assert "prod" in capsys.readouterr().err


def test_a_server_that_says_nothing_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("k8s.client.connect.REQUEST_S", 0.2)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        start = time.monotonic()
        assert main(["status", "--kubeconfig", str(kubeconfig(tmp_path, silent.getsockname()[1]))]) == 3
        assert time.monotonic() - start < 10


def listen_to_ctrl_c() -> None:
    """What a shell starts in the background ignores it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_ctrl_c_is_130_and_no_traceback(server: ApiServer, access: str) -> None:
    play(server, starting)
    command = [sys.executable, "-m", "k8s", "deploy", "--kubeconfig", access]
    root = Path(__file__).parents[3]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=root, preexec_fn=listen_to_ctrl_c) as process:
        assert process.stderr
        for line in process.stderr:
            if line.startswith("pods ready"):
                break
        process.send_signal(signal.SIGINT)
        rest = process.communicate(timeout=20)[1]
    assert process.returncode == 130
    assert rest.splitlines()[-1].startswith("interrupted; what was applied stays") and "Traceback" not in rest
