import io
from collections.abc import Callable

import numpy as np
import pytest
from fakes import PIXELS, FakeReplicas
from fastapi.testclient import TestClient
from PIL import Image

from serve_app.core import MAX_SEED, GenerateRequest

PROMPT = "an astronaut is dancing on green grass, sunlit"


def get(client: TestClient, headers: dict[str, str] | None = None, **params: object):
    return client.get("/imagine", params={"prompt": PROMPT, **params}, headers=headers)


def test_a_prompt_becomes_a_picture(client: TestClient) -> None:
    answer = get(client, seed=7, headers={"X-Request-Id": "mine"})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["x-imagine-seed"] == "7"
    assert answer.headers["x-imagine-model"] == "demo"
    assert answer.headers["x-request-id"] == "mine"
    assert answer.headers["server-timing"] == "queue;dur=1.5, denoise;dur=250.0"
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(answer.content))), PIXELS)


def test_what_is_left_open_is_filled_in(client: TestClient, replicas: FakeReplicas) -> None:
    get(client, seed=7)
    assert replicas.requests == [GenerateRequest("demo", PROMPT, "", 7, 25, 4.0, 64, 48, "euler", 1, "png", 90)]


def test_what_is_said_is_passed_on(client: TestClient, replicas: FakeReplicas) -> None:
    size = {"width": 48, "height": 64}
    said = {"model": "demo", "negative_prompt": "blurry", "seed": 0, "steps": 3, "guidance_scale": 1.5, **size}
    said |= {"scheduler": "ddim", "format": "jpeg", "quality": 55}
    get(client, **said)
    assert replicas.requests == [GenerateRequest(prompt=PROMPT, **said)]


@pytest.mark.parametrize(
    ("asked", "size"), [({"width": 48}, (48, 64)), ({"height": 64}, (48, 64)), ({"width": 64}, (64, 48))]
)
def test_a_side_left_open_is_taken_from_the_first_size_that_fits(
    client: TestClient, replicas: FakeReplicas, asked: dict[str, int], size: tuple[int, int]
) -> None:
    assert get(client, **asked).status_code == 200
    assert (replicas.requests[0].width, replicas.requests[0].height) == size


@pytest.mark.parametrize("name", ["seed", "steps", "guidance_scale", "width", "height", "scheduler", "model", "format"])
def test_an_empty_form_field_is_one_left_open(client: TestClient, replicas: FakeReplicas, name: str) -> None:
    given = {"seed": 1} | {name: ""}
    assert get(client, **given).status_code == 200
    request = replicas.requests[0]
    assert (request.steps, request.width, request.scheduler, request.format) == (25, 64, "euler", "png")


@pytest.mark.parametrize("seed", [0, 2**63, MAX_SEED])
def test_every_seed_of_64_bits_is_taken(client: TestClient, replicas: FakeReplicas, seed: int) -> None:
    assert get(client, seed=seed).headers["x-imagine-seed"] == str(seed)
    assert replicas.requests[0].seed == seed


def test_without_a_seed_it_is_random_and_nobody_stores_the_answer(client: TestClient, replicas: FakeReplicas) -> None:
    answers = [get(client), get(client)]
    seeds = [answer.headers["x-imagine-seed"] for answer in answers]
    assert seeds == [str(request.seed) for request in replicas.requests]
    assert seeds[0] != seeds[1]
    assert all(answer.headers["cache-control"] == "no-store" and "etag" not in answer.headers for answer in answers)


def test_with_a_seed_the_answer_may_be_stored(connect: Callable[..., TestClient]) -> None:
    answer = get(connect(cache_max_age_s=77), seed=7)
    assert answer.headers["cache-control"] == "public, max-age=77"
    assert answer.headers["vary"] == "Accept"
    assert answer.headers["etag"].startswith('W/"')


@pytest.mark.parametrize("form", ["{}", "*", '"other", {}', '{} , "other"'])
def test_a_client_that_has_the_picture_gets_304_and_nothing_is_drawn(
    client: TestClient, replicas: FakeReplicas, form: str
) -> None:
    etag = get(client, seed=7).headers["etag"]
    answer = get(client, seed=7, headers={"If-None-Match": form.format(etag)})
    assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", etag)
    assert len(replicas.requests) == 1


def test_another_etag_or_no_seed_is_drawn_again(client: TestClient, replicas: FakeReplicas) -> None:
    assert get(client, seed=7, headers={"If-None-Match": 'W/"old"'}).status_code == 200
    assert get(client, headers={"If-None-Match": "*"}).status_code == 200
    assert len(replicas.requests) == 2


@pytest.mark.parametrize(
    "other",
    [
        {"prompt": "a cat"},
        {"negative_prompt": "blurry"},
        {"seed": 8},
        {"steps": 24},
        {"guidance_scale": 4.5},
        {"width": 48},
        {"scheduler": "ddim"},
        {"format": "webp"},
        {"format": "jpeg"},
        {"quality": 80},
    ],
)
def test_other_parameters_have_another_etag(client: TestClient, other: dict[str, object]) -> None:
    etags = [get(client, **({"seed": 7} | params)).headers["etag"] for params in ({}, {"steps": 25}, other)]
    assert etags[0] == etags[1] != etags[2]


@pytest.mark.parametrize(
    ("accept", "params", "media_type"),
    [
        ("*/*", {}, "image/png"),
        ("image/webp", {}, "image/webp"),
        ("image/avif,image/webp,*/*;q=0.8", {}, "image/webp"),
        ("image/webp;q=0.3, image/jpeg;q=0.4", {}, "image/jpeg"),
        ("image/webp", {"format": "jpeg"}, "image/jpeg"),
        ("text/html", {}, "image/png"),
        ("*/*", {"format": "webp"}, "image/webp"),
    ],
)
def test_the_format_is_the_parameter_or_what_accept_likes(
    client: TestClient, accept: str, params: dict[str, str], media_type: str
) -> None:
    answer = get(client, headers={"Accept": accept}, **params)
    assert answer.headers["content-type"] == media_type
    assert Image.open(io.BytesIO(answer.content)).get_format_mimetype() == media_type
