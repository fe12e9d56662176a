"""Plots that need no colour: lines differ by dash and marker."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

DASHES = ["-", "--", ":", "-."]
MARKERS = ["o", "s", "^", "D"]
Line = Sequence[tuple[float, float]]


def lines(path: Path, curves: Mapping[str, Line], x: str, y: str, log: bool = False) -> None:
    """One curve for each name, drawn in black."""
    figure, axes = _figure()
    for i, (name, points) in enumerate(curves.items()):
        xs, ys = zip(*points, strict=True)
        style = {"linestyle": DASHES[i % 4], "marker": MARKERS[i % 4], "markerfacecolor": "white"}
        axes.plot(xs, ys, color="black", label=name, **style)
    if log:
        from matplotlib.ticker import LogFormatter

        axes.set_yscale("log")
        for axis_formatter in (axes.yaxis.set_major_formatter, axes.yaxis.set_minor_formatter):
            axis_formatter(LogFormatter(minor_thresholds=(2, 1)))
    axes.legend(frameon=False)
    _finish(path, figure, axes, x, y)


def steps(path: Path, points: Line, x: str, y: str, top: float) -> None:
    """A value over time as filled steps, with its greatest possible value as a line."""
    figure, axes = _figure()
    xs, ys = zip(*points, strict=True)
    axes.fill_between(xs, ys, step="post", color="0.7", edgecolor="black", linewidth=1)
    axes.axhline(top, color="black", linestyle="--", linewidth=1)
    _finish(path, figure, axes, x, y)


def _figure() -> Any:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    return pyplot.subplots(figsize=(7, 3.5), layout="constrained")


def _finish(path: Path, figure: Any, axes: Any, x: str, y: str) -> None:
    from matplotlib import pyplot

    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.set_xlim(left=0)
    axes.grid(color="0.9")
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=110, metadata={"Software": None})
    pyplot.close(figure)
