"""Tables, goals, plots and the page."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bench import page, plots
from bench.goals import Goal, verdicts
from bench.machine import cpu_name, describe
from bench.page import PAGE, replace_block
from bench.parts import PARTS
from bench.tables import table


def test_a_table_is_aligned_to_be_read_in_a_terminal() -> None:
    assert table(["", "ms"], [("ours", 5), ("a peer", 123)]).splitlines() == [
        "|        |  ms |",
        "|--------|----:|",
        "| ours   |   5 |",
        "| a peer | 123 |",
    ]


def test_a_row_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="lengths"):
        table(["a", "b"], [(1,)])


@pytest.mark.parametrize(
    ("value", "at_least", "met"), [(3.0, True, True), (2.9, True, False), (3.0, False, True), (3.1, False, False)]
)
def test_a_goal_is_met_on_the_right_side_of_its_bound(value: float, at_least: bool, met: bool) -> None:
    assert Goal("images/s", value, 3, at_least).met is met


def test_a_missed_goal_is_said_plainly() -> None:
    assert Goal("overhead", 9.26, 8, unit=" ms").row == ("overhead", "≤ 8 ms", "9.26 ms", "**missed**")


def test_goals_are_counted() -> None:
    assert verdicts([Goal("a", 1, 2), Goal("b", 3, 2)]) == "1 of 2 goals met"


def test_a_block_of_the_page_is_exchanged_and_nothing_else() -> None:
    text = "before\n<!-- begin a -->\nold\nolder\n<!-- end a -->\nafter"
    assert replace_block(text, "a", r"new \1") == "before\n<!-- begin a -->\nnew \\1\n<!-- end a -->\nafter"


def test_a_page_without_the_block_is_an_error() -> None:
    with pytest.raises(ValueError, match="no block 'a'"):
        replace_block("text", "a", "new")


@pytest.mark.parametrize("name", ["machine", "goals", *PARTS])
def test_the_page_has_a_block_for_every_part(name: str) -> None:
    replace_block(PAGE.read_text(), name, "")


def test_plots_have_no_colour(tmp_path: Path) -> None:
    plots.lines(tmp_path / "lines.png", {"a": [(0, 1), (1, 2)], "b": [(0, 2), (1, 3)]}, "x", "y", log=True)
    plots.steps(tmp_path / "steps.png", [(0, 1), (1, 2)], "x", "y", top=3)
    for name in ("lines.png", "steps.png"):
        pixels = np.asarray(Image.open(tmp_path / name).convert("RGB"))
        assert (pixels.max(axis=2) == pixels.min(axis=2)).all() and pixels.min() < 50


def test_the_cpu_is_named() -> None:
    text = "processor\t: 0\ncpu family\t: 25\nmodel\t\t: 1\nmodel name\t: AMD EPYC\n"
    assert cpu_name(text) == "AMD EPYC (family 25, model 1)"
    assert describe()["cpus"]


def test_the_page_is_written_from_the_raw_numbers_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "PAGE", tmp_path / "performance.md")
    monkeypatch.setattr(page, "FOLDER", tmp_path / "performance")
    page.PAGE.write_text(PAGE.read_text())
    machine = {name: 1 for name in ("when", "cpu", "cpus", "memory_gib", "load_before", "python")} | {"versions": {}}
    page.keep("waste", {"steps": 16, "stayed": 10, "left": 4, "computed": 404.0, "seen": 64}, machine)
    (goal,) = page.render()
    assert goal.met and "1 of 1 goals met" in page.PAGE.read_text()
    assert page.PAGE.read_text().count("404.0") == 1
