"""The page reaches the service over HTTP only, and no settings are read but in settings.py."""

import ast
from pathlib import Path

import pytest

FILES = sorted((Path(__file__).parents[2] / "gradio_ui").glob("*.py"))


def imports(file: Path) -> set[str]:
    nodes = list(ast.walk(ast.parse(file.read_text())))
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return names | {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_file_imports_nothing_of_the_service(file: Path) -> None:
    assert not {name.split(".")[0] for name in imports(file)} & {"serve_app", "demo_model", "torch", "ray", "tests"}


@pytest.mark.parametrize("name", ["client", "errors", "examples", "form", "runs", "settings", "share", "view"])
def test_only_the_page_itself_needs_gradio(name: str) -> None:
    (file,) = [file for file in FILES if file.stem == name]
    assert "gradio" not in imports(file)
