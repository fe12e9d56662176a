from collections.abc import Callable

import pytest
from manifests import K8S, OPTIONS, OVERLAYS, SIZES, Manifest, kustomize, with_components

VARIANTS = [(overlay, []) for overlay in OVERLAYS]
VARIANTS += [("cpu", OPTIONS), *(("inf2", [size]) for size in SIZES)]


@pytest.fixture(scope="session")
def render(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., list[Manifest]]:
    """`render(overlay, *components)`, each once; `render("karpenter")` too."""
    done: dict[tuple[str, ...], list[Manifest]] = {}

    def render(overlay: str, *components: str) -> list[Manifest]:
        key = (overlay, *components)
        if key not in done and components:
            done[key] = with_components(tmp_path_factory.mktemp("overlay"), overlay, list(components))
        elif key not in done:
            done[key] = kustomize(K8S / overlay if overlay == "karpenter" else K8S / "overlays" / overlay)
        return done[key]

    return render


@pytest.fixture(params=VARIANTS, ids=lambda v: "+".join([v[0], *v[1]]))
def rendered(request: pytest.FixtureRequest, render: Callable[..., list[Manifest]]) -> list[Manifest]:
    """Each overlay, alone and with what can be added to it."""
    overlay, components = request.param
    return render(overlay, *components)
