import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from fakes import INFO, FakeReplicas
from fastapi.testclient import TestClient

from serve_app.api.app import HttpOptions, create_app
from serve_app.api.middleware import Observe
from serve_app.registry import Registry
from serve_app.service import Service

if TYPE_CHECKING:
    from serve_app.backends.eager import EagerBackend

ROOT = Path(__file__).parent.parent


@pytest.fixture
def replicas() -> FakeReplicas:
    return FakeReplicas()


@pytest.fixture
def connect(replicas: FakeReplicas) -> Callable[..., TestClient]:
    """`connect(observe=..., **HttpOptions)` is a client of an app in front of `replicas`."""

    def connect(observe: Observe = lambda *_: None, **options: Any) -> TestClient:
        app = create_app(Service(Registry([INFO]), replicas), HttpOptions(**options), observe)
        return TestClient(app, raise_server_exceptions=False)

    return connect


@pytest.fixture
def client(connect: Callable[..., TestClient]) -> TestClient:
    return connect()


@pytest.fixture(scope="session")
def weights() -> Path:
    return ROOT / "demo_model" / "weights"


@pytest.fixture(scope="session")
def backend(weights: Path) -> "EagerBackend":
    """The bundled model in float32, loaded once."""
    import torch

    from serve_app.backends.eager import EagerBackend

    torch.set_num_threads(1)  # so small a model is drawn faster by one
    backend = EagerBackend.load(weights, "cpu", "float32", 8)
    backend.pipeline.set_progress_bar_config(disable=True)
    return backend


@pytest.fixture
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings see none of the variables of who runs the tests."""
    for name in [name for name in os.environ if name.upper().startswith("IMAGINE_")]:
        monkeypatch.delenv(name)
