"""Tells from pixels alone what a picture shows; knows how scenes are drawn, nothing of the network.

Place: the colours of the topmost and bottommost rows. Objects: what differs from the place's colours, split where
columns are empty. Kind and colour: the drawn template that the object is nearest to.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from demo_model.scenes import CANVAS, COLOURS, HALF_WIDTH, PLACES, SIZE, SKY_BOTTOM, Thing, draw_thing, visible
from demo_model.shapes import SHAPES

Array = np.ndarray[Any, np.dtype[Any]]

TOP = SKY_BOTTOM * SIZE // CANVAS
BOTTOM = 118
"""Rows between which objects stand; sun, moon and stars are outside."""
NEAR = 45
"""A pixel this near (in its farthest channel) to a colour of the place is background."""
GRID = 24
"""Objects are compared as GRID x GRID pixels."""
SMALLEST = 60
"""Pixels; less is not an object."""


@dataclass(frozen=True)
class Found:
    """One object: its nearest template and where it stands ("on the left", "" or "on the right")."""

    kind: str
    colour: str
    position: str


@dataclass(frozen=True)
class Verdict:
    """What a picture shows."""

    place: str
    objects: tuple[Found, ...]


@dataclass(frozen=True)
class _Patch:
    """An object cut out: `pixels` GRID x GRID x 3 in 0..1, `mask` GRID x GRID in 0..1, `aspect` is width / height."""

    pixels: Array
    mask: Array
    aspect: float
    centre: float


def find_place(picture: Array) -> str:
    """The place whose sky and ground are nearest to the picture's first and last rows."""
    sky, ground = (np.median(rows.reshape(-1, 3), axis=0) for rows in (picture[:3], picture[-3:]))

    def distance(name: str) -> float:
        place = PLACES[name]
        return float(np.abs(sky - place.sky).sum() + np.abs(ground - place.ground).sum())

    return min(PLACES, key=distance)


def _object_mask(picture: Array, place: str) -> Array:
    far = np.ones(picture.shape[:2], dtype=bool)
    for band, _ in PLACES[place].bands:
        far &= np.abs(picture.astype(int) - band).max(axis=2) > NEAR
    far[:TOP], far[BOTTOM:] = False, False
    opened = Image.fromarray(far).convert("L").filter(ImageFilter.MinFilter(3)).filter(ImageFilter.MaxFilter(3))
    return np.asarray(opened) > 127


def _patches(picture: Array, place: str) -> Iterator[_Patch]:
    mask = _object_mask(picture, place)
    columns = np.flatnonzero(mask.sum(axis=0) >= 2)
    if not len(columns):
        return
    for run in np.split(columns, np.flatnonzero(np.diff(columns) > 3) + 1):
        left, right = int(run[0]), int(run[-1]) + 1
        part = mask[:, left:right]
        if part.sum() < SMALLEST:
            continue
        rows = np.flatnonzero(part.any(axis=1))
        top, bottom = int(rows[0]), int(rows[-1]) + 1
        box = (left, top, right, bottom)
        yield _Patch(
            np.asarray(Image.fromarray(picture).resize((GRID, GRID), Image.Resampling.BOX, box)) / 255,
            np.asarray(Image.fromarray(mask).convert("L").resize((GRID, GRID), Image.Resampling.BOX, box)) / 255,
            (right - left) / (bottom - top),
            (left + right) / 2 / SIZE,
        )


@cache
def _templates(place: str) -> list[tuple[str, str, _Patch]]:
    """Every kind, colour and size drawn before the place's colours, cut out as pictures are."""
    templates = []
    for kind in SHAPES:
        for colour in (c for c in COLOURS if visible(c, place)):
            for half_width in HALF_WIDTH.values():
                image = Image.new("RGB", (CANVAS, CANVAS), PLACES[place].sky)
                draw = ImageDraw.Draw(image)
                draw.rectangle([0, 165, CANVAS, CANVAS], fill=PLACES[place].ground)
                draw_thing(draw, Thing(kind, colour), CANVAS / 2, 150, half_width)
                small = np.asarray(image.resize((SIZE, SIZE), Image.Resampling.LANCZOS))
                patches = list(_patches(small, place))
                templates += [(kind, colour, max(patches, key=lambda p: p.mask.sum()))] if patches else []
    return templates


def _difference(a: _Patch, b: _Patch) -> float:
    both = np.minimum(a.mask, b.mask)
    colour = (np.abs(a.pixels - b.pixels).mean(axis=2) * both).sum() / max(both.sum(), 1)
    return float(colour + np.abs(a.mask - b.mask).mean() + abs(np.log(a.aspect / b.aspect)) / 4)


def _position(centre: float) -> str:
    if centre < 0.4:
        return "on the left"
    return "on the right" if centre > 0.6 else ""


def judge(image: Image.Image) -> Verdict:
    """What a 128 x 128 picture shows."""
    picture = np.asarray(image.convert("RGB"))
    place = find_place(picture)
    found = []
    for patch in _patches(picture, place):
        kind, colour, _ = min(_templates(place), key=lambda template: _difference(patch, template[2]))
        found.append(Found(kind, colour, _position(patch.centre)))
    return Verdict(place, tuple(found))
