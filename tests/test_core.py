import pytest

from serve_app.core import MAX_SEED, SCHEDULERS, GenerateRequest, size_name


def request(seed: int, n: int) -> GenerateRequest:
    return GenerateRequest("demo", "a cat", "", seed, 25, 4.0, 64, 64, "euler", n)


@pytest.mark.parametrize(("seed", "n", "seeds"), [(7, 1, (7,)), (7, 3, (7, 8, 9)), (MAX_SEED, 2, (MAX_SEED, 0))])
def test_each_image_has_the_next_seed_of_64_bits(seed: int, n: int, seeds: tuple[int, ...]) -> None:
    assert request(seed, n).seeds == seeds


def test_a_size_is_named_width_first() -> None:
    assert size_name((1024, 768)) == "1024x768"


def test_what_layers_share_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        request(1, 1).seed = 2  # type: ignore[misc]
    with pytest.raises(TypeError):
        SCHEDULERS["mine"] = ("Mine", "Automatic")  # type: ignore[index]
