"""Flags become options; what does not fit together is refused by name."""

from pathlib import Path

import pytest

from compile.__main__ import main
from compile.errors import UsageError
from compile.flags import read_options
from compile.options import Lora, Options


def options(*argv: str) -> Options:
    return read_options(["model", "--output", "out", *argv])[0]


def test_the_least_that_can_be_said() -> None:
    assert options() == Options(model="model", output="out", target="aot", device="cpu", rows=(2, 4, 8))


def test_a_preset_is_overridden_by_what_stands_beside_it() -> None:
    chosen = options("--preset", "sdxl-inf2", "--rows", "4,2", "--size", "512x768")
    assert (chosen.target, chosen.device, chosen.rows, chosen.sizes) == ("neuron", "inf2", (2, 4), ((512, 768),))


def test_sizes_and_loras_are_repeated(tmp_path: Path) -> None:
    file = tmp_path / "style.safetensors"
    file.touch()
    chosen = options("--size", "64x64", "--size", "64x32", "--lora", f"{file}:0.5", "--lora", f"{file}:-1")
    assert chosen.sizes == ((64, 64), (64, 32))
    assert chosen.loras == (Lora(str(file), 0.5), Lora(str(file), -1.0))


def test_neuron_compiles_for_inf2_with_a_pair_of_rows_unless_told() -> None:
    chosen = options("--target", "neuron")
    assert (chosen.device, chosen.rows) == ("inf2", (2,))
    assert options("--target", "neuron", "--instance-type", "trn1").device == "trn1"


def test_options_survive_json() -> None:
    chosen = options("--size", "64x32", "--rows", "2,4")
    assert Options.from_json(chosen.as_json()) == chosen


@pytest.mark.parametrize(
    "argv, words",
    [
        (["--target", "neuron", "--rows", "1,2"], "--rows 1: two NeuronCores share a call; allowed: even numbers"),
        (["--rows", "1"], "--rows 1: a guided image takes two"),
        (["--target", "neuron", "--device", "cpu"], "--instance-type cpu: allowed for neuron: inf2, trn1"),
        (["--device", "inf2"], "--instance-type inf2: allowed for aot: cpu, cuda"),
    ],
)
def test_what_does_not_fit_together_is_refused(argv: list[str], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        options(*argv)


@pytest.mark.parametrize(
    "argv, words",
    [
        (["--size", "big"], "'big'; allowed: WIDTHxHEIGHT"),
        (["--rows", "2,0"], "'2,0'; allowed: numbers above 0"),
        (["--lora", "nothing.safetensors:1"], "there is no file nothing.safetensors"),
        (["--lora", "half"], "allowed: FILE:SCALE"),
        (["--preset", "huge"], "invalid choice: 'huge'"),
    ],
)
def test_a_wrong_value_is_refused_with_what_is_allowed(
    argv: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        options(*argv)
    assert stopped.value.code == 2
    assert words in capsys.readouterr().err


def test_an_output_that_exists_is_never_touched(
    weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(weights), "--output", str(tmp_path)]) == 2
    assert "exists; an artifact is never changed" in capsys.readouterr().err


def test_a_size_the_autoencoder_cannot_make_is_refused(weights: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(weights), "--output", "out", "--size", "100x100", "--dry-run"]) == 2
    assert "--size 100x100: allowed: multiples of 8" in capsys.readouterr().err


def test_verify_has_an_exit_code_of_its_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", str(tmp_path)]) == 5
    assert "manifest.json: cannot be read" in capsys.readouterr().err
