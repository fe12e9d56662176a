"""The plan: parameters are counted, estimates lie in the published ranges."""

from pathlib import Path

import pytest

from compile.__main__ import main
from compile.architecture import read_architecture
from compile.errors import UsageError
from compile.options import PRESETS, Options
from compile.plan import GIB, Plan, make_plan

SDXL = "stabilityai/stable-diffusion-xl-base-1.0"


def sdxl_plan(jobs: int = 1, **changes: object) -> Plan:
    options = Options(**{"model": SDXL, "output": "out", **PRESETS["sdxl-inf2"], **changes})  # type: ignore[arg-type]
    return make_plan(options, read_architecture(SDXL), jobs)


def test_sdxl_has_its_published_parameters() -> None:
    counts = {name: count.parameters for name, count in read_architecture(SDXL).components.items()}
    assert counts["text_encoder"] == 123_060_480
    assert counts["text_encoder_2"] == 694_659_840
    assert counts["unet"] == 2_567_463_684
    assert 83_653_863 - (counts["vae_encoder"] + counts["vae_decoder"]) == 92  # the convolutions between the two


def test_sdxl_takes_about_the_published_time() -> None:
    """2,200 s in all in the published log."""
    low, high = sdxl_plan().seconds
    assert low < 2200 < high
    assert sum(graph.seconds for graph in sdxl_plan().graphs) == pytest.approx(2200, rel=0.01)


def test_sdxl_takes_the_published_memory_and_disk() -> None:
    plan = sdxl_plan()
    low, high = plan.ram_bytes
    assert 30 * GIB < low < 40 * GIB and 55 * GIB < high < 65 * GIB
    assert plan.core_bytes[1] == pytest.approx(3.9 * GIB, rel=0.01)
    assert plan.core_bytes[0] < 16 * GIB


def test_twice_the_rows_are_twice_the_batch_of_each_core() -> None:
    two, four = (sdxl_plan(rows=(rows,)).graphs[-1].seconds for rows in (2, 4))
    assert four == pytest.approx(2 * two)


def test_memory_adds_up_over_graphs_that_compile_together() -> None:
    assert sdxl_plan(jobs=2).ram_bytes[0] > sdxl_plan().ram_bytes[0]
    assert sdxl_plan(jobs=2).seconds[0] < sdxl_plan().seconds[0]


def test_a_dry_run_needs_neither_weights_nor_compiler_nor_network(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([SDXL, "--preset", "sdxl-inf2", "--output", "out", "--dry-run"]) == 0
    printed = capsys.readouterr().out
    assert "unet-1024x1024-rows2" in printed and "2567.5 M" in printed and "17 min" in printed
    assert not Path("out").exists()


def test_a_folder_is_counted_from_its_own_configs(weights: Path) -> None:
    architecture = read_architecture(str(weights))
    assert architecture.own_size == (128, 128)
    assert architecture.components["unet"].parameters == 5_368_596


def test_an_unknown_model_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(UsageError, match="allowed: .*stable-diffusion-xl-base-1.0"):
        read_architecture("someone/else")
