"""The objects of the scenes, each drawn with Pillow in a box of half-width `s` around (`x`, `y`)."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from PIL.ImageDraw import ImageDraw

Colour = tuple[int, int, int]
INK: Colour = (20, 20, 20)
CREAM: Colour = (245, 235, 215)
SAIL: Colour = (245, 245, 240)
GLASS: Colour = (190, 225, 250)
WOOD: Colour = (110, 70, 40)


@dataclass(frozen=True)
class Brush:
    """Draws in object units: (-1, -1) is the top left of the object's box, (1, 1) its bottom right."""

    draw: ImageDraw
    x: float
    y: float
    s: float

    def _box(self, x0: float, y0: float, x1: float, y1: float) -> list[float]:
        return [self.x + x0 * self.s, self.y + y0 * self.s, self.x + x1 * self.s, self.y + y1 * self.s]

    def ellipse(self, x0: float, y0: float, x1: float, y1: float, fill: Colour) -> None:
        self.draw.ellipse(self._box(x0, y0, x1, y1), fill=fill)

    def rect(self, x0: float, y0: float, x1: float, y1: float, fill: Colour) -> None:
        self.draw.rectangle(self._box(x0, y0, x1, y1), fill=fill)

    def dome(self, x0: float, y0: float, x1: float, y1: float, fill: Colour) -> None:
        self.draw.pieslice(self._box(x0, y0, x1, y1), 180, 360, fill=fill)

    def poly(self, points: list[tuple[float, float]], fill: Colour) -> None:
        self.draw.polygon([(self.x + px * self.s, self.y + py * self.s) for px, py in points], fill=fill)


def circle(b: Brush, c: Colour) -> None:
    b.ellipse(-1, -1, 1, 1, c)


def square(b: Brush, c: Colour) -> None:
    b.rect(-0.9, -0.9, 0.9, 0.9, c)


def triangle(b: Brush, c: Colour) -> None:
    b.poly([(0, -1), (1, 0.9), (-1, 0.9)], c)


def star(b: Brush, c: Colour) -> None:
    radii = [1 if i % 2 == 0 else 0.42 for i in range(10)]
    b.poly([(r * math.sin(math.pi * i / 5), -r * math.cos(math.pi * i / 5)) for i, r in enumerate(radii)], c)


def heart(b: Brush, c: Colour) -> None:
    b.ellipse(-1, -0.9, 0.05, 0.15, c)
    b.ellipse(-0.05, -0.9, 1, 0.15, c)
    b.poly([(-0.95, -0.2), (0.95, -0.2), (0, 1)], c)


def house(b: Brush, c: Colour) -> None:
    b.rect(-0.8, -0.1, 0.8, 1, c)
    b.poly([(-1, -0.1), (1, -0.1), (0, -1)], WOOD)
    b.rect(-0.2, 0.35, 0.2, 1, WOOD)
    b.rect(0.35, 0.1, 0.65, 0.4, GLASS)


def tree(b: Brush, c: Colour) -> None:
    b.rect(-0.17, 0.2, 0.17, 1, WOOD)
    b.ellipse(-0.8, -1, 0.8, 0.45, c)


def boat(b: Brush, c: Colour) -> None:
    b.poly([(-1, 0.25), (1, 0.25), (0.6, 0.9), (-0.6, 0.9)], c)
    b.rect(-0.08, -1, 0.08, 0.25, WOOD)
    b.poly([(0.1, -0.95), (0.1, 0.12), (0.85, 0.12)], SAIL)


def car(b: Brush, c: Colour) -> None:
    b.rect(-1, 0, 1, 0.5, c)
    b.poly([(-0.6, 0), (-0.38, -0.55), (0.38, -0.55), (0.6, 0)], c)
    b.poly([(-0.42, 0), (-0.28, -0.4), (0.28, -0.4), (0.42, 0)], GLASS)
    b.ellipse(-0.78, 0.25, -0.22, 0.8, INK)
    b.ellipse(0.22, 0.25, 0.78, 0.8, INK)


def cat(b: Brush, c: Colour) -> None:
    b.poly([(-0.85, 0), (-0.8, -1), (-0.1, -0.6)], c)
    b.poly([(0.85, 0), (0.8, -1), (0.1, -0.6)], c)
    b.ellipse(-0.85, -0.7, 0.85, 0.85, c)
    b.ellipse(-0.5, -0.25, -0.2, 0.15, INK)
    b.ellipse(0.2, -0.25, 0.5, 0.15, INK)
    b.poly([(-0.15, 0.25), (0.15, 0.25), (0, 0.45)], (250, 130, 150))


def dog(b: Brush, c: Colour) -> None:
    b.ellipse(-0.75, -0.8, 0.75, 0.85, c)
    b.ellipse(-1.05, -0.7, -0.5, 0.45, WOOD)
    b.ellipse(0.5, -0.7, 1.05, 0.45, WOOD)
    b.ellipse(-0.42, -0.35, -0.15, 0.05, INK)
    b.ellipse(0.15, -0.35, 0.42, 0.05, INK)
    b.ellipse(-0.25, 0.15, 0.25, 0.5, INK)


def fish(b: Brush, c: Colour) -> None:
    b.ellipse(-1, -0.55, 0.6, 0.55, c)
    b.poly([(0.35, 0), (1, -0.6), (1, 0.6)], c)
    b.ellipse(-0.7, -0.22, -0.42, 0.06, INK)


def flower(b: Brush, c: Colour) -> None:
    b.rect(-0.08, 0.1, 0.08, 1, (40, 130, 50))
    for i in range(6):
        px, py = 0.45 * math.cos(math.pi * i / 3), 0.45 * math.sin(math.pi * i / 3) - 0.3
        b.ellipse(px - 0.32, py - 0.32, px + 0.32, py + 0.32, c)
    b.ellipse(-0.26, -0.56, 0.26, -0.04, (250, 210, 60))


def astronaut(b: Brush, c: Colour) -> None:
    b.ellipse(-0.55, -1, 0.55, 0, c)
    b.ellipse(-0.38, -0.75, 0.38, -0.22, (40, 60, 110))
    b.rect(-0.5, -0.1, 0.5, 0.6, c)
    b.poly([(-0.5, -0.05), (-0.5, 0.25), (-1, -0.3), (-0.85, -0.5)], c)
    b.poly([(0.5, -0.05), (0.5, 0.25), (1, -0.3), (0.85, -0.5)], c)
    b.rect(-0.42, 0.6, -0.08, 1, c)
    b.rect(0.08, 0.6, 0.42, 1, c)
    b.rect(-0.25, 0.1, 0.25, 0.4, (90, 100, 120))


def sun(b: Brush, c: Colour) -> None:
    for i in range(8):
        a = math.pi * i / 4
        b.poly([(r * math.cos(t), r * math.sin(t)) for r, t in ((1, a), (0.6, a + 0.3), (0.6, a - 0.3))], c)
    b.ellipse(-0.6, -0.6, 0.6, 0.6, c)


def mushroom(b: Brush, c: Colour) -> None:
    b.rect(-0.27, 0, 0.27, 1, CREAM)
    b.dome(-1, -0.95, 1, 0.9, c)
    b.ellipse(-0.55, -0.6, -0.2, -0.25, CREAM)
    b.ellipse(0.12, -0.72, 0.47, -0.37, CREAM)


SHAPES: dict[str, Callable[[Brush, Colour], None]] = {
    f.__name__: f
    for f in (
        circle, square, triangle, star, heart, house, tree, boat,
        car, cat, dog, fish, flower, astronaut, sun, mushroom,
    )
}  # fmt: skip
