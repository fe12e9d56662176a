"""What the overlays of this repository are, beyond what `check` asks of anybody's."""

import re
from collections.abc import Callable

import pytest

from k8s.check_names import NAMED, fields
from k8s.manifests import Rendered
from k8s.render import K8S

Render = Callable[..., Rendered]
DEPLOY = (K8S.parent / "docs" / "deploy.md").read_text()
ADDED = ("dashboard", "gateway")


def test_redis_is_pinned(rendered: Render) -> None:
    assert {c.get("image") for c in rendered("cpu").containers() if c.get("name") == "redis"} == {"redis:7.4"}


def test_paths_lose_their_prefix(rendered: Render) -> None:
    ingresses = rendered("cpu", components=ADDED).kind("Ingress")
    paths = {ingress.get("spec", "rules", 0, "http", "paths", 0, "path") for ingress in ingresses}
    assert paths == {"/serve(/|$)(.*)", "/dashboard(/|$)(.*)"}
    assert re.sub(r"^/serve(/|$)(.*)", r"/\2", "/serve/imagine") == "/imagine"


def test_every_secret_is_made_in_the_docs(rendered: Render) -> None:
    overlay = rendered("cpu", components=ADDED)
    names = [f.value for part in overlay.objects for f in fields(part, "nginx.ingress.kubernetes.io/auth-secret")]
    names += [
        c.get("env", 0, "valueFrom", "secretKeyRef", "name") for c in overlay.containers() if c.get("name") == "redis"
    ]
    assert len(names) == 2 and all(f"create secret generic {name} " in DEPLOY for name in names)


@pytest.mark.parametrize("overlay", ["cpu", "inf2"])
@pytest.mark.parametrize(("field", "kind"), NAMED)
def test_every_object_is_named_by_another(rendered: Render, overlay: str, field: str, kind: str) -> None:
    objects = rendered(overlay).objects
    assert {f.value for part in objects for f in fields(part, field)} == rendered(overlay).names(kind)


def test_scarce_nodes_are_never_asked_for_twice(rendered: Render) -> None:
    assert rendered("cpu").service.get("spec", "upgradeStrategy") == {"type": "NewCluster"}
    assert rendered("inf2").service.get("spec", "upgradeStrategy") == {"type": "None"}


def test_the_route_strips_its_prefix(rendered: Render) -> None:
    (route,) = rendered("cpu", components=ADDED).kind("HTTPRoute")
    rule = route.at("spec", "rules", 0)
    assert rule.get("matches") == [{"path": {"type": "PathPrefix", "value": "/serve"}}]
    assert rule.get("filters", 0, "urlRewrite", "path", "type") == "ReplacePrefixMatch"


def test_images_name_no_registry(rendered: Render) -> None:
    assert not [
        image.value for part in rendered("inf2").objects for image in fields(part, "image") if "/" in image.value
    ]
