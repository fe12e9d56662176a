"""Scenes: what a picture shows, drawn at 128 x 128 pixels.

Coordinates are those of a 256-pixel canvas, drawn at twice the size and shrunk so that edges are smooth.
"""

import random
import zlib
from dataclasses import dataclass

from PIL import Image, ImageDraw

from demo_model.shapes import SHAPES, Brush, Colour

CANVAS = 256
SIZE = 128

COLOURS: dict[str, Colour] = {
    "red": (220, 40, 40),
    "green": (50, 170, 60),
    "blue": (40, 90, 220),
    "yellow": (245, 210, 50),
    "orange": (245, 140, 30),
    "purple": (140, 60, 190),
    "pink": (245, 130, 180),
    "white": (245, 245, 245),
    "black": (25, 25, 25),
    "brown": (130, 80, 40),
}

NATURAL = {
    "circle": "red", "square": "blue", "triangle": "green", "star": "yellow",
    "heart": "red", "house": "yellow", "tree": "green", "boat": "red",
    "car": "red", "cat": "orange", "dog": "orange", "fish": "orange",
    "flower": "pink", "astronaut": "white", "sun": "yellow", "mushroom": "red",
}  # fmt: skip
"""The colour of an object whose caption names none."""


@dataclass(frozen=True)
class Place:
    """Bands of colour from the top; each ends `drop` pixels from the horizon, the last at the bottom."""

    bands: tuple[tuple[Colour, int], ...]
    horizon: tuple[int, int]
    sunlit: bool = True

    @property
    def sky(self) -> Colour:
        return self.bands[0][0]

    @property
    def ground(self) -> Colour:
        return self.bands[-1][0]


GRASS: Colour = (70, 170, 60)
PLACES: dict[str, Place] = {
    "on green grass": Place((((130, 200, 245), 0), (GRASS, CANVAS)), (150, 180)),
    "on the beach": Place((((140, 210, 250), -50), ((40, 110, 200), 0), ((240, 220, 150), CANVAS)), (150, 180)),
    "in the desert": Place((((250, 200, 130), 0), ((225, 165, 80), CANVAS)), (150, 180)),
    "in the snow": Place((((185, 205, 230), 0), ((250, 250, 255), CANVAS)), (150, 180)),
    "at night": Place((((20, 25, 70), 0), ((20, 60, 30), CANVAS)), (150, 180), sunlit=False),
    "in space": Place((((8, 8, 25), CANVAS),), (150, 180), sunlit=False),
    "in the sea": Place((((150, 215, 250), 0), ((30, 110, 190), CANVAS)), (56, 64)),
    "on a white background": Place((((250, 250, 250), CANVAS),), (150, 180)),
}

HALF_WIDTH = {"small": 32, "": 48, "large": 70}
CENTRE_X = {"on the left": 70, "": 128, "on the right": 186}
CENTRE_Y = 150
SKY_BOTTOM = 62
"""Sun, moon and stars stay above this line; objects stay below it."""


@dataclass(frozen=True)
class Thing:
    """One object of a scene: what it is, its colour, size and position by name."""

    kind: str
    colour: str
    size: str = ""
    position: str = ""


@dataclass(frozen=True)
class Scene:
    """One or two things (two stand left and right) in a place, with a sun in the corner if sunlit."""

    things: tuple[Thing, ...]
    place: str
    sunlit: bool = False


def visible(colour: str, place: str) -> bool:
    """True if the colour stands out from every band of the place (some channel differs by 60 or more)."""
    rgb = COLOURS[colour]
    return all(max(abs(a - b) for a, b in zip(rgb, band, strict=True)) >= 60 for band, _ in PLACES[place].bands)


def held_out(thing: Thing, place: str) -> bool:
    """True for the tenth of (kind, colour, place) that training never shows alone; they are the test."""
    return zlib.crc32(f"{thing.kind} {thing.colour} {place}".encode()) % 10 == 0


def _colour(rng: random.Random, kind: str, place: str) -> str:
    natural = NATURAL[kind]
    if rng.random() < 0.25 and visible(natural, place):
        return natural
    return rng.choice([c for c in COLOURS if visible(c, place)])


def sample_scene(rng: random.Random, two: float = 0.35) -> Scene:
    """A random scene; `two` is the probability of two objects."""
    place = rng.choice(list(PLACES))
    sunlit = PLACES[place].sunlit and rng.random() < 0.3
    kinds = list(SHAPES)
    if rng.random() < two:
        left, right = rng.choice(kinds), rng.choice(kinds)
        things = (
            Thing(left, _colour(rng, left, place), position="on the left"),
            Thing(right, _colour(rng, right, place), position="on the right"),
        )
        return Scene(things, place, sunlit)
    kind = rng.choice(kinds)
    size, position = rng.choice(list(HALF_WIDTH)), rng.choice(list(CENTRE_X))
    return Scene((Thing(kind, _colour(rng, kind, place), size, position),), place, sunlit)


def draw_background(draw: ImageDraw.ImageDraw, name: str, rng: random.Random) -> None:
    """Fill the canvas with the bands of the place, its moon or its stars."""
    place = PLACES[name]
    horizon, top = rng.randint(*place.horizon), 0
    for colour, drop in place.bands:
        bottom = min(horizon + drop, CANVAS)
        draw.rectangle([0, top, CANVAS, bottom], fill=colour)
        top = bottom
    if name == "at night":
        draw.ellipse([18, 12, 60, 54], fill=(240, 240, 200))
    if name == "in space":
        for _ in range(9):
            x, y = rng.randint(4, CANVAS - 8), rng.choice([rng.randint(4, SKY_BOTTOM - 8), rng.randint(236, 248)])
            draw.ellipse([x, y, x + 5, y + 5], fill=(255, 255, 255))


def draw_thing(draw: ImageDraw.ImageDraw, thing: Thing, x: float, y: float, half_width: float) -> None:
    """Draw one thing with its box's centre at (x, y), in canvas pixels."""
    SHAPES[thing.kind](Brush(draw, x, y, half_width), COLOURS[thing.colour])


def draw_scene(scene: Scene, rng: random.Random) -> Image.Image:
    """The picture of a scene, 128 x 128 RGB; `rng` moves things a little."""
    image = Image.new("RGB", (CANVAS, CANVAS))
    draw = ImageDraw.Draw(image)
    draw_background(draw, scene.place, rng)
    if scene.sunlit:
        SHAPES["sun"](Brush(draw, 218, 34, 27), (255, 225, 80))
    jitter = 8 if len(scene.things) == 1 else 4
    for thing in scene.things:
        half_width = HALF_WIDTH[thing.size] if len(scene.things) == 1 else 46
        x = CENTRE_X[thing.position] + rng.randint(-jitter, jitter)
        if thing.size == "large":  # a large thing stays inside the picture
            x = min(max(x, half_width + 4), CANVAS - half_width - 4)
        draw_thing(draw, thing, x, CENTRE_Y + rng.randint(-jitter, jitter), half_width)
    return image.resize((SIZE, SIZE), Image.Resampling.LANCZOS)
