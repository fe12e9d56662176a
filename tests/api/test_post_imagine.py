import base64
import io

import pytest
from fakes import FakeReplicas
from fastapi.testclient import TestClient
from PIL import Image

from serve_app.core import MAX_SEED


def post(client: TestClient, accept: str = "*/*", **body: object):
    return client.post("/imagine", json={"prompt": "a red cat", **body}, headers={"Accept": accept})


def test_one_picture_is_the_answer_itself(client: TestClient, replicas: FakeReplicas) -> None:
    answer = post(client, seed=5)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
    assert Image.open(io.BytesIO(answer.content)).size == (64, 48)
    assert answer.headers["x-imagine-seed"] == "5"
    assert answer.headers["x-imagine-model"] == "demo"
    assert answer.headers["server-timing"].startswith("queue;dur=")
    assert replicas.requests[0].n == 1


def test_nobody_stores_the_answer_to_a_post(client: TestClient) -> None:
    answer = post(client, seed=5)
    assert answer.headers["cache-control"] == "no-store"
    assert "etag" not in answer.headers


def test_several_pictures_are_json_with_their_seeds(client: TestClient, replicas: FakeReplicas) -> None:
    body = post(client, seed=5, n=3, format="webp").json()
    assert body["model"] == "demo"
    assert [image["seed"] for image in body["images"]] == [5, 6, 7]
    assert {image["media_type"] for image in body["images"]} == {"image/webp"}
    pictures = [Image.open(io.BytesIO(base64.b64decode(image["data"]))) for image in body["images"]]
    assert [picture.format for picture in pictures] == ["WEBP"] * 3
    assert len(replicas.requests) == 1


def test_seeds_start_again_after_the_last(client: TestClient) -> None:
    assert [image["seed"] for image in post(client, seed=MAX_SEED, n=2).json()["images"]] == [MAX_SEED, 0]


@pytest.mark.parametrize("accept", ["application/json", "application/json, image/png;q=0.5", "application/*"])
def test_who_prefers_json_gets_it_for_one_picture(client: TestClient, accept: str) -> None:
    answer = post(client, accept, seed=5)
    assert answer.headers["content-type"] == "application/json"
    (image,) = answer.json()["images"]
    assert (image["seed"], image["media_type"]) == (5, "image/png")


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("*/*", "image/png"),
        ("image/*, application/json;q=0.9", "image/png"),
        ("image/jpeg", "image/jpeg"),
        ("image/webp, application/json;q=0.5", "image/webp"),
        ("text/html", "image/png"),
    ],
)
def test_who_prefers_a_picture_gets_it(client: TestClient, accept: str, media_type: str) -> None:
    assert post(client, accept).headers["content-type"] == media_type


@pytest.mark.parametrize("name", ["seed", "steps", "guidance_scale", "width", "scheduler", "model", "format"])
def test_null_is_left_open(client: TestClient, replicas: FakeReplicas, name: str) -> None:
    assert post(client, **{name: None}).status_code == 200
    assert (replicas.requests[0].steps, replicas.requests[0].format) == (25, "png")
