import copy
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from api_server import ApiServer, kubeconfig, serving

from k8s.crds import Crds
from k8s.manifests import Manifest, Rendered
from k8s.render import Choice
from k8s.render import render as kustomized

SHARED_CRDS = Path(__file__).parents[3] / "shared" / "crds"


@pytest.fixture(autouse=True)
def alone(no_variables: None) -> None:
    """Settings see no variables here."""


@pytest.fixture(scope="session")
def once() -> Callable[[Choice], list[Manifest]]:
    """Each choice rendered once."""
    done: dict[Choice, list[Manifest]] = {}

    def once(choice: Choice) -> list[Manifest]:
        if choice not in done:
            done[choice] = kustomized(choice)
        return done[choice]

    return once


@pytest.fixture
def manifests(once: Callable[[Choice], list[Manifest]]) -> Callable[..., list[Manifest]]:
    """`manifests(overlay, instance, components=…)`, a copy of one's own."""
    return lambda *args, **more: copy.deepcopy(once(Choice(*args, **more)))


@pytest.fixture(scope="session")
def render(once: Callable[[Choice], list[Manifest]]) -> Callable[[str], list[Manifest]]:
    """`render(overlay)`, not to be changed."""
    return lambda overlay: once(Choice(overlay))


@pytest.fixture
def rendered(manifests: Callable[..., list[Manifest]]) -> Callable[..., Rendered]:
    return lambda *args, **more: Rendered(manifests(*args, **more))


@pytest.fixture(scope="session")
def crds() -> Crds:
    """The real ones of KubeRay and Karpenter, where they are at hand."""
    if not SHARED_CRDS.is_dir():
        pytest.skip("the CRDs of KubeRay and Karpenter are not here")
    return Crds(SHARED_CRDS)


@pytest.fixture
def server() -> ApiServer:
    return ApiServer()


@pytest.fixture
def access(server: ApiServer, tmp_path: Path) -> Iterator[str]:
    """A kubeconfig that leads to `server`."""
    with serving(server) as port:
        yield str(kubeconfig(tmp_path, port))
