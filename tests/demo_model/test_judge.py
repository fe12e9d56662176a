import random

import numpy as np
import pytest
from PIL import Image, ImageDraw

from demo_model.judge import Found, Verdict, find_place, judge
from demo_model.scenes import CANVAS, PLACES, SIZE, Scene, Thing, draw_background, draw_scene, sample_scene
from demo_model.shapes import SHAPES

GRASS = "on green grass"


def look(*things: Thing, place: str = GRASS, sunlit: bool = False) -> Verdict:
    return judge(draw_scene(Scene(things, place, sunlit), random.Random(1)))


def background(place: str, seed: int = 1) -> Image.Image:
    image = Image.new("RGB", (CANVAS, CANVAS))
    draw_background(ImageDraw.Draw(image), place, random.Random(seed))
    return image.resize((SIZE, SIZE), Image.Resampling.LANCZOS)


@pytest.mark.parametrize("place", PLACES)
def test_a_place_is_found_whatever_stands_there(place: str) -> None:
    rng = random.Random(0)
    scenes = [scene for scene in (sample_scene(rng) for _ in range(200)) if scene.place == place]
    assert len(scenes) > 10
    assert {find_place(np.asarray(draw_scene(scene, rng))) for scene in scenes} == {place}


@pytest.mark.parametrize("place", PLACES)
def test_an_empty_place_holds_no_object(place: str) -> None:
    for seed in range(3):
        assert judge(background(place, seed)) == Verdict(place, ())


def test_the_sun_in_the_corner_is_no_object() -> None:
    assert judge(draw_scene(Scene((), GRASS, sunlit=True), random.Random(1))) == Verdict(GRASS, ())


@pytest.mark.parametrize(("grey", "place"), [(0, "in space"), (255, "on a white background")])
def test_a_blank_picture_holds_no_object(grey: int, place: str) -> None:
    assert judge(Image.new("RGB", (SIZE, SIZE), (grey, grey, grey))) == Verdict(place, ())


@pytest.mark.parametrize("kind", SHAPES)
def test_a_kind_is_found(kind: str) -> None:
    assert look(Thing(kind, "red")) == Verdict(GRASS, (Found(kind, "red", ""),))


@pytest.mark.parametrize("colour", ["red", "blue", "yellow", "orange", "purple", "pink", "black", "brown"])
def test_a_colour_is_found(colour: str) -> None:
    assert look(Thing("house", colour)).objects == (Found("house", colour, ""),)


@pytest.mark.parametrize("position", ["on the left", "", "on the right"])
@pytest.mark.parametrize("size", ["small", "", "large"])
def test_a_position_is_found_at_every_size(size: str, position: str) -> None:
    assert look(Thing("boat", "red", size, position)).objects == (Found("boat", "red", position),)


def test_two_objects_are_found_from_left_to_right() -> None:
    left, right = Thing("cat", "orange", position="on the left"), Thing("star", "purple", position="on the right")
    assert look(left, right).objects == (
        Found("cat", "orange", "on the left"),
        Found("star", "purple", "on the right"),
    )


def test_another_place_is_judged_by_its_own_colours() -> None:
    assert look(Thing("fish", "green"), place="in space") == Verdict("in space", (Found("fish", "green", ""),))


def test_a_sunlit_scene_is_judged_as_any_other() -> None:
    assert look(Thing("astronaut", "white"), sunlit=True) == look(Thing("astronaut", "white"))


def test_a_wrong_colour_is_noticed() -> None:
    picture = np.array(draw_scene(Scene((Thing("heart", "red"),), GRASS), random.Random(1)))
    red = np.abs(picture.astype(int) - (220, 40, 40)).max(axis=2) < 60
    picture[red] = (40, 90, 220)
    assert judge(Image.fromarray(picture)).objects == (Found("heart", "blue", ""),)


def test_a_speck_is_no_object() -> None:
    picture = np.array(background(GRASS))
    picture[70:75, 60:65] = (220, 40, 40)
    assert judge(Image.fromarray(picture)).objects == ()


def test_most_drawn_scenes_are_judged_right() -> None:
    rng = random.Random(3)
    scenes = [s for s in (sample_scene(rng, two=0) for _ in range(600)) if s.place == GRASS]
    verdicts = [judge(draw_scene(scene, rng)) for scene in scenes[:40]]
    wanted = [Found(t.kind, t.colour, t.position) for t in (scene.things[0] for scene in scenes[:40])]
    right = sum(verdict.objects == (want,) for verdict, want in zip(verdicts, wanted, strict=True))
    assert right >= 38
