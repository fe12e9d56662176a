"""What the command says before it starts Ray."""

import socket
from collections.abc import Iterator

import pytest

from serve_app.__main__ import main


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that somebody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def test_a_wrong_value_ends_it_with_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--max-rows", "1"]) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: IMAGINE_MAX_ROWS (--max-rows) = '1'")
    assert "Traceback" not in error


@pytest.mark.parametrize("flag", ["port", "metrics-port", "dashboard-port"])
def test_a_port_that_is_taken_is_named(taken: int, flag: str, capsys: pytest.CaptureFixture[str]) -> None:
    others = {name: str(20_000 + i) for i, name in enumerate(["port", "metrics-port", "dashboard-port"])}
    flags = [f"--{name}={value}" for name, value in (others | {flag: str(taken)}).items()]
    assert main(flags) == 2
    assert f"(--{flag}) = {taken}: Address already in use" in capsys.readouterr().err


def test_a_dashboard_that_is_off_needs_no_port(taken: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--no-dashboard", f"--dashboard-port={taken}", "--port=20001", "--model=/nowhere"]) == 2
    assert "no such folder" in capsys.readouterr().err
