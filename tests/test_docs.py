"""What exists is documented, and what is documented exists."""

import re
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from serve_app.core import SCHEDULERS
from serve_app.settings import Settings

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
API = (ROOT / "docs" / "api.md").read_text()
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("name", Settings.model_fields)
def test_the_readme_has_every_setting_with_its_default(name: str) -> None:
    field = Settings.model_fields[name]
    (row,) = [line for line in README.splitlines() if line.startswith(f"| `IMAGINE_{name.upper()}` |")]
    assert f"`--{name.replace('_', '-')}`" in row
    assert field.description and field.description in row
    default = str(field.default).lower() if isinstance(field.default, bool) else str(field.default)
    assert name == "model" or f"| {default} |" in row


def test_the_readme_names_no_setting_that_does_not_exist() -> None:
    named = set(re.findall(r"IMAGINE_[A-Z_]*[A-Z]", "".join(page.read_text() for page in PAGES)))
    assert named <= {f"IMAGINE_{name.upper()}" for name in Settings.model_fields} | {"IMAGINE_"}


def test_every_route_is_documented(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    for path, methods in paths.items():
        for method in methods:
            assert f"{method.upper()} {path}`" in API, f"{method} {path}"


@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_every_scheduler_is_documented(scheduler: str) -> None:
    assert f"`{scheduler}`" in API


@pytest.mark.parametrize("metric", re.findall(r'"(imagine_\w+)"', (ROOT / "serve_app" / "metrics.py").read_text()))
def test_every_metric_is_documented(metric: str) -> None:
    assert f"`{metric}`" in (ROOT / "docs" / "operations.md").read_text()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
        assert (page.parent / target).exists(), target
