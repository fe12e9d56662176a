import random
from pathlib import Path

import pytest
from transformers import CLIPTokenizer

from demo_model.captions import MAX_TOKENS, build_tokenizer, caption, plain_caption
from demo_model.scenes import NATURAL, Scene, Thing, sample_scene

PROMPT = "an astronaut is dancing on green grass, sunlit"
SUN = ("sunlit", "sunny", "in the sun", "sunlight", "sunshine")


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> CLIPTokenizer:
    return build_tokenizer(tmp_path_factory.mktemp("tokenizer"))


def pairs(count: int) -> list[tuple[Scene, str]]:
    rng = random.Random(0)
    scenes = [sample_scene(rng) for _ in range(count)]
    return [(scene, caption(scene, rng)) for scene in scenes]


def test_the_prompt_of_the_start_page_is_one_token_for_each_word(tokenizer: CLIPTokenizer) -> None:
    words = ["an", "astronaut", "is", "dancing", "on", "green", "grass", ",", "sunlit"]
    assert tokenizer.tokenize(PROMPT) == [f"{word}</w>" for word in words]


def test_a_caption_fits_into_the_text_towers(tokenizer: CLIPTokenizer) -> None:
    lengths = [len(ids) for ids in tokenizer([text for _, text in pairs(500)]).input_ids]
    assert 3 < min(lengths)
    assert max(lengths) <= MAX_TOKENS


def test_a_saved_tokenizer_is_the_same(tmp_path: Path) -> None:
    built, loaded = build_tokenizer(tmp_path), CLIPTokenizer.from_pretrained(tmp_path)
    texts = [text for _, text in pairs(50)] + [PROMPT]
    assert loaded(texts).input_ids == built(texts).input_ids
    assert loaded.model_max_length == MAX_TOKENS
    assert len(loaded) == len(built)


@pytest.mark.parametrize("text", [PROMPT, "two blue boats, at night", "zebra xylophones!", "un château", "赤い猫 🐈"])
def test_every_text_comes_back_from_its_tokens(tokenizer: CLIPTokenizer, text: str) -> None:
    ids = tokenizer(text).input_ids
    assert tokenizer.unk_token_id not in ids[1:-1]
    assert tokenizer.decode(ids, skip_special_tokens=True).replace(" ", "") == text.replace(" ", "")


def test_building_twice_gives_the_same_tokenizer(tmp_path: Path) -> None:
    for name in ("one", "two"):
        build_tokenizer(tmp_path / name)
    for file in ("vocab.json", "merges.txt"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_a_caption_speaks_of_the_sun_only_in_a_sunlit_scene() -> None:
    for scene, text in pairs(500):
        assert any(words in text for words in SUN) == scene.sunlit, text


def test_a_caption_names_each_colour_that_is_not_natural() -> None:
    named = 0
    for scene, text in pairs(500):
        for thing in scene.things:
            if thing.colour != NATURAL[thing.kind]:
                assert thing.colour in text.replace(",", "").split(), text
                named += 1
    assert named > 300


def test_a_natural_colour_is_often_left_out() -> None:
    rng, scene = random.Random(0), Scene((Thing("astronaut", "white"),), "on green grass")
    named = sum("white" in caption(scene, rng) for _ in range(500))
    assert 150 < named < 250


def test_captions_differ_and_come_again_with_their_seed() -> None:
    scene = Scene((Thing("cat", "orange"),), "on the beach")
    texts = [caption(scene, random.Random(seed)) for seed in range(50)]
    assert len(set(texts)) > 25
    assert texts == [caption(scene, random.Random(seed)) for seed in range(50)]


@pytest.mark.parametrize(
    ("scene", "text"),
    [
        (Scene((Thing("astronaut", "white"),), "on green grass", True), "a white astronaut on green grass, sunlit"),
        (
            Scene((Thing("cat", "orange", "small", "on the left"),), "in space"),
            "a small orange cat on the left in space",
        ),
        (
            Scene((Thing("boat", "red", "", "on the left"), Thing("star", "yellow", "", "on the right")), "in the sea"),
            "a red boat and a yellow star in the sea",
        ),
        (Scene((Thing("tree", "orange"),), "in the snow"), "an orange tree in the snow"),
    ],
)
def test_the_plain_caption_says_all(scene: Scene, text: str) -> None:
    assert plain_caption(scene) == text
