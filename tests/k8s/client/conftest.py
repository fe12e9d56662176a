import copy
from collections.abc import Callable

import pytest

from k8s.manifests import Manifest
from k8s.render import Choice


@pytest.fixture(autouse=True)
def rendered_once(once: Callable[[Choice], list[Manifest]], monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands render anew each time, which is a quarter of a second."""
    monkeypatch.setattr("k8s.client.commands.render", lambda choice: copy.deepcopy(once(choice)))
