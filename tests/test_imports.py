"""Imports point one way; read with `ast`, so nothing is imported here."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LAYERS = [
    ["errors", "core", "logs"],
    ["settings", "manifest"],
    ["registry"],
    ["backends"],
    ["engine"],
    ["images"],
    ["worker", "service", "metrics"],
    ["api"],
    ["deployments"],
    ["app"],
    ["__main__"],
]
RANK = {name: rank for rank, names in enumerate(LAYERS) for name in names}
FILES = sorted((ROOT / "serve_app").rglob("*.py"))
ONLY = {
    "ray": {"deployments", "app", "metrics", "__main__"},
    "fastapi": {"api"},
    "starlette": {"api"},
    "torch": {"backends", "engine", "deployments"},
    "diffusers": {"backends", "engine"},
    "transformers": {"backends"},
    "optimum": {"backends"},
    "torch_neuronx": {"backends"},
}


def layer(file: Path) -> str:
    """The module or package directly under serve_app that a file belongs to."""
    return file.relative_to(ROOT / "serve_app").parts[0].removesuffix(".py")


def imports(file: Path) -> list[str]:
    """Full names of all modules that a file imports, wherever in it."""
    names = []
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names.append(node.module or "")
    return names


@pytest.mark.parametrize("file", FILES, ids=lambda f: str(f.relative_to(ROOT)))
def test_a_file_imports_only_its_own_layer_and_lower_ones(file: Path) -> None:
    own = layer(file)
    for name in imports(file):
        if name.startswith("serve_app.") and own != "__init__":
            other = name.split(".")[1]
            assert RANK[other] <= RANK[own], f"{own} imports {name}"


@pytest.mark.parametrize("file", FILES, ids=lambda f: str(f.relative_to(ROOT)))
def test_a_heavy_library_is_imported_only_where_it_belongs(file: Path) -> None:
    for name in imports(file):
        allowed = ONLY.get(name.split(".")[0])
        assert allowed is None or layer(file) in allowed, f"{layer(file)} imports {name}"


@pytest.mark.parametrize("file", FILES, ids=lambda f: str(f.relative_to(ROOT)))
def test_the_service_knows_nothing_of_what_stands_around_it(file: Path) -> None:
    outside = {"compile", "k8s", "gradio_ui", "bench", "demo_model", "tests"}
    assert not outside & {name.split(".")[0] for name in imports(file)}


def test_importing_the_package_imports_no_heavy_library() -> None:
    code = f"import serve_app, sys; print(sorted(set({sorted(ONLY)}) & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert result.stdout.strip() == "[]"
