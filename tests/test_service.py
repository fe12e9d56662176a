import asyncio
import time
from dataclasses import replace

import pytest
from fakes import INFO, FakeReplicas

from serve_app import service as service_module
from serve_app.core import MAX_SEED, Done, GenerateOptions, GenerateRequest, Queued, ReplicaCounts, Step
from serve_app.errors import DeadlinePassed, InvalidValue, UnknownModel, UnsupportedSize
from serve_app.registry import Registry
from serve_app.service import Service, deadline

REQUEST = GenerateRequest("demo", "a cat", "", 7, 25, 4.0, 64, 48, "euler")
OTHER = replace(INFO, name="other", sizes=((8, 8),), scheduler="lcm", steps=4, guidance_scale=1.0)


@pytest.fixture
def service(replicas: FakeReplicas) -> Service:
    return Service(Registry([INFO, OTHER]), replicas)


def test_what_is_left_open_comes_from_the_model(service: Service) -> None:
    assert service.complete(GenerateOptions("a cat", seed=7)) == REQUEST
    request = service.complete(GenerateOptions("a cat", seed=7, model="other"))
    assert request == GenerateRequest("other", "a cat", "", 7, 4, 1.0, 8, 8, "lcm")


def test_what_is_said_is_kept(service: Service) -> None:
    said = {"negative_prompt": "b", "seed": 0, "steps": 1, "guidance_scale": 0.0, "width": 48, "height": 64}
    said |= {"model": "demo", "scheduler": "ddim", "n": 2, "format": "webp", "quality": 1}
    assert service.complete(GenerateOptions("a", **said)) == GenerateRequest(prompt="a", **said)


def test_a_seed_left_open_is_random_in_64_bits(service: Service) -> None:
    seeds = {service.complete(GenerateOptions("a cat")).seed for _ in range(50)}
    assert len(seeds) == 50
    assert 2**48 < max(seeds) <= MAX_SEED


@pytest.mark.parametrize(
    ("options", "error"),
    [(GenerateOptions("a", model="x"), UnknownModel), (GenerateOptions("a", width=9), UnsupportedSize)],
)
def test_what_is_not_served_is_refused(service: Service, options: GenerateOptions, error: type[Exception]) -> None:
    with pytest.raises(error):
        service.complete(options)


def test_an_etag_is_weak_and_the_same_everywhere(service: Service, replicas: FakeReplicas) -> None:
    elsewhere = Service(Registry([INFO]), replicas)
    assert service.etag(REQUEST) == elsewhere.etag(replace(REQUEST))
    assert service.etag(REQUEST).startswith('W/"')
    assert service.etag(REQUEST).endswith('"')


@pytest.mark.parametrize("field", [name for name in vars(REQUEST) if name != "model"])
def test_an_etag_changes_with_every_field(service: Service, field: str) -> None:
    value = getattr(REQUEST, field)
    changed = replace(REQUEST, **{field: value + "x" if isinstance(value, str) else value + 1})
    assert service.etag(changed) != service.etag(REQUEST)


def test_an_etag_changes_with_the_model_s_revision_and_our_version(
    service: Service, replicas: FakeReplicas, monkeypatch: pytest.MonkeyPatch
) -> None:
    etags = [service.etag(REQUEST), Service(Registry([replace(INFO, revision="new")]), replicas).etag(REQUEST)]
    monkeypatch.setattr(service_module, "__version__", "99")
    assert len({*etags, service.etag(REQUEST)}) == 3


def test_pictures_come_from_the_replicas(service: Service, replicas: FakeReplicas) -> None:
    pictures = asyncio.run(service.generate(replace(REQUEST, n=2)))
    assert [picture.seed for picture in pictures] == [7, 8]
    assert replicas.requests == [replace(REQUEST, n=2)]


def test_events_come_from_the_replicas(service: Service) -> None:
    async def collect() -> list[object]:
        return [event async for event in service.stream(REQUEST)]

    *news, done = asyncio.run(collect())
    assert news == [Queued(2), Step(1, 2), Step(2, 2)]
    assert isinstance(done, Done)


def test_a_stream_carries_one_image(service: Service, replicas: FakeReplicas) -> None:
    with pytest.raises(InvalidValue, match="n=2") as caught:
        service.stream(replace(REQUEST, n=2))
    assert caught.value.param == "n"
    assert replicas.requests == []


@pytest.mark.parametrize("ready", [True, False])
def test_it_is_ready_when_a_replica_is(service: Service, replicas: FakeReplicas, ready: bool) -> None:
    replicas.replicas = ReplicaCounts(running=int(ready), starting=1)
    assert asyncio.run(service.ready()) is ready


def test_a_deadline_cancels_and_says_so(service: Service, replicas: FakeReplicas) -> None:
    async def draw() -> None:
        async with deadline(0.05):
            await service.generate(REQUEST)

    replicas.hang, began = True, time.perf_counter()
    with pytest.raises(DeadlinePassed, match=r"the request's 0.05 s are over"):
        asyncio.run(draw())
    assert replicas.cancelled == 1
    assert time.perf_counter() - began < 20


def test_a_deadline_in_time_changes_nothing(service: Service) -> None:
    async def draw() -> int:
        async with deadline(60):
            return len(await service.generate(REQUEST))

    assert asyncio.run(draw()) == 1


def test_another_error_passes_a_deadline(service: Service, replicas: FakeReplicas) -> None:
    async def draw() -> None:
        async with deadline(60):
            await service.generate(REQUEST)

    replicas.error = ValueError("mine")
    with pytest.raises(ValueError, match="mine"):
        asyncio.run(draw())
