import re

import pytest
from fakes import FakeReplicas
from fastapi.testclient import TestClient

from serve_app import __version__
from serve_app.core import SCHEDULERS, ReplicaCounts

ROUTES = ["/imagine", "/imagine/stream", "/healthz", "/readyz", "/v1/info"]


def test_healthz_is_well_while_no_replica_is_ready(client: TestClient, replicas: FakeReplicas) -> None:
    replicas.replicas = ReplicaCounts(0)
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_readyz_waits_for_a_replica(client: TestClient, replicas: FakeReplicas) -> None:
    replicas.replicas = ReplicaCounts(0)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "not_ready")
    assert answer.headers["retry-after"] == "5"
    replicas.replicas = ReplicaCounts(1)
    assert (client.get("/readyz").status_code, client.get("/readyz").json()) == (200, {"status": "ready"})


def test_info_says_what_is_served(client: TestClient) -> None:
    info = client.get("/v1/info").json()
    (model,) = info["models"]
    assert (model["name"], model["revision"], model["sizes"]) == ("demo", "abc123", ["64x48", "48x64", "64x64"])
    assert model["defaults"] == {"steps": 25, "guidance_scale": 4.0, "scheduler": "euler"}
    assert info["version"] == __version__
    assert info["schedulers"] == list(SCHEDULERS)
    assert info["formats"] == ["png", "jpeg", "webp"]
    assert info["limits"]["n"] == 4


def test_info_says_which_replicas_run_and_what_the_others_wait_for(client: TestClient) -> None:
    replicas = client.get("/v1/info").json()["replicas"]
    assert replicas == {"running": 2, "starting": 1, "note": "1 waits for neuron_cores"}


def test_the_limits_that_info_tells_are_those_that_hold(client: TestClient) -> None:
    limits = client.get("/v1/info").json()["limits"]
    most = {"prompt": "x" * limits.pop("prompt_characters"), **limits}
    assert client.post("/imagine", json=most).status_code == 200
    for name in limits:
        answer = client.post("/imagine", json=most | {name: limits[name] + 1})
        assert (answer.status_code, answer.json()["error"]["param"]) == (422, name)


def test_the_page_loads_nothing_from_elsewhere(client: TestClient) -> None:
    answer = client.get("/")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert "<form" in answer.text
    assert not re.search(r"https?://|//[a-z]+\.[a-z]", answer.text)


def test_the_page_links_only_to_what_is_there(client: TestClient) -> None:
    links = re.findall(r'href="([^"]+)"', client.get("/").text)
    assert set(links) >= {"docs", "v1/info"}
    assert all(client.get(f"/{link}").status_code == 200 for link in links)


@pytest.mark.parametrize("route", ROUTES)
def test_openapi_lists_every_route(client: TestClient, route: str) -> None:
    schema = client.get("/openapi.json").json()
    assert schema["info"]["version"] == __version__
    assert route in schema["paths"]
    assert all(operation["description"] for operation in schema["paths"][route].values())


@pytest.mark.parametrize("name", ["prompt", "negative_prompt", "seed", "steps", "width", "scheduler", "format"])
def test_openapi_lists_every_parameter(client: TestClient, name: str) -> None:
    schema = client.get("/openapi.json").json()
    assert name in [parameter["name"] for parameter in schema["paths"]["/imagine"]["get"]["parameters"]]
    assert name in schema["components"]["schemas"]["ImagineBody"]["properties"]


def test_docs_show_the_schema(client: TestClient) -> None:
    answer = client.get("/docs")
    assert answer.status_code == 200
    assert "/openapi.json" in answer.text
