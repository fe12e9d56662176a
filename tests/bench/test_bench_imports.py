"""The bench reaches the service over HTTP; only the sleeping replicas are made of its parts."""

import ast
from pathlib import Path

import pytest

BENCH = Path(__file__).parent.parent.parent / "bench"
FILES = sorted(BENCH.rglob("*.py"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(BENCH)))
def test_only_sleeping_replicas_import_the_service(file: Path) -> None:
    nodes = ast.walk(ast.parse(file.read_text()))
    modules = {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module}
    assert file.parent.name == "sleeping" or not any(name.startswith("serve_app") for name in modules)
