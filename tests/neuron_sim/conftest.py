"""One artifact of the bundled model, exported through our CLI by the real optimum-neuron on the simulated SDK."""

from pathlib import Path

import pytest
from children import compile_neuron


@pytest.fixture(scope="session")
def neuron(tmp_path_factory: pytest.TempPathFactory, weights: Path) -> Path:
    """A folder with `artifact`, of two sizes, and `compile.log`, the record of its export."""
    folder = tmp_path_factory.mktemp("neuron")
    sizes = ("--size", "128x128", "--size", "128x64", "--rows", "2,4", "--check")
    result = compile_neuron(weights, folder / "artifact", folder / "compile.log", *sizes)
    assert result.returncode == 0, result.stderr
    (folder / "events.jsonl").write_text(result.stderr)
    return folder
