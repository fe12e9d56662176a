import random
from itertools import product

import numpy as np
import pytest

from demo_model.dataset import training_scene
from demo_model.scenes import COLOURS, NATURAL, PLACES, SIZE, Scene, Thing, draw_scene, held_out, sample_scene, visible
from demo_model.shapes import SHAPES


def pixels(scene: Scene, seed: int = 0) -> np.ndarray:
    return np.asarray(draw_scene(scene, random.Random(seed)))


def samples(count: int, **options: float) -> list[Scene]:
    rng = random.Random(0)
    return [sample_scene(rng, **options) for _ in range(count)]


def test_there_is_much_to_draw() -> None:
    assert len(SHAPES) >= 16
    assert len(COLOURS) >= 10
    assert len(PLACES) >= 8
    assert NATURAL.keys() == SHAPES.keys()


def test_a_seed_draws_the_same_scene_again() -> None:
    scenes = [sample_scene(random.Random(seed)) for seed in (5, 5, 6)]
    assert scenes[0] == scenes[1] != scenes[2]
    assert np.array_equal(pixels(scenes[0], 5), pixels(scenes[1], 5))
    assert not np.array_equal(pixels(scenes[0], 5), pixels(scenes[0], 6))


def test_every_kind_colour_and_place_is_sampled() -> None:
    scenes = samples(2000)
    things = [thing for scene in scenes for thing in scene.things]
    assert {thing.kind for thing in things} == SHAPES.keys()
    assert {thing.colour for thing in things} == COLOURS.keys()
    assert {scene.place for scene in scenes} == PLACES.keys()
    assert {len(scene.things) for scene in scenes} == {1, 2}


def test_two_things_stand_left_and_right() -> None:
    for scene in samples(20, two=1):
        assert [thing.position for thing in scene.things] == ["on the left", "on the right"]


def test_what_is_sampled_can_be_seen() -> None:
    assert all(visible(thing.colour, scene.place) for scene in samples(500) for thing in scene.things)


@pytest.mark.parametrize(
    ("colour", "place", "seen"),
    [
        ("white", "on a white background", False),
        ("white", "in the snow", False),
        ("black", "in space", False),
        ("blue", "in the sea", False),
        ("white", "in space", True),
        ("red", "on green grass", True),
        ("black", "on a white background", True),
    ],
)
def test_a_colour_like_the_place_s_is_not_visible(colour: str, place: str, seen: bool) -> None:
    assert visible(colour, place) == seen


@pytest.mark.parametrize("place", ["at night", "in space"])
def test_no_sun_shines_by_night(place: str) -> None:
    assert not any(scene.sunlit for scene in samples(500) if scene.place == place)


def test_a_tenth_is_held_out() -> None:
    every = [(Thing(kind, colour), place) for kind, colour, place in product(SHAPES, COLOURS, PLACES)]
    assert 0.08 < sum(held_out(*one) for one in every) / len(every) < 0.12


def test_size_and_position_do_not_matter_to_what_is_held_out() -> None:
    for scene in samples(100, two=0):
        thing = scene.things[0]
        assert held_out(thing, scene.place) == held_out(Thing(thing.kind, thing.colour), scene.place)


def test_training_never_shows_alone_what_is_held_out() -> None:
    rng = random.Random(0)
    scenes = [training_scene(rng) for _ in range(1000)]
    assert not any(held_out(scene.things[0], scene.place) for scene in scenes if len(scene.things) == 1)
    assert any(held_out(scene.things[0], scene.place) for scene in scenes if len(scene.things) == 2)


def test_a_sunlit_scene_shows_a_sun_in_its_corner() -> None:
    thing = (Thing("cat", "orange"),)
    plain, sunlit = (pixels(Scene(thing, "on green grass", sun)).astype(int) for sun in (False, True))
    changed = np.argwhere(np.abs(sunlit - plain).max(axis=2) > 20)
    assert len(changed) > 100
    assert changed[:, 0].max() < SIZE // 4
    assert changed[:, 1].min() > SIZE // 2


@pytest.mark.parametrize("kind", SHAPES)
def test_each_kind_is_drawn_in_its_colour_on_its_side(kind: str) -> None:
    picture = pixels(Scene((Thing(kind, "red", position="on the left"),), "on a white background")).astype(int)
    red = np.argwhere(np.abs(picture - COLOURS["red"]).max(axis=2) < 30)
    assert len(red) > 60
    assert red[:, 1].mean() < 0.4 * SIZE


@pytest.mark.parametrize(("size", "least", "most"), [("small", 27, 31), ("", 41, 46), ("large", 61, 66)])
def test_sizes_are_widths(size: str, least: int, most: int) -> None:
    picture = pixels(Scene((Thing("square", "blue", size),), "on a white background")).astype(int)
    columns = np.flatnonzero((np.abs(picture - COLOURS["blue"]).max(axis=2) < 60).any(axis=0))
    assert least <= len(columns) <= most
