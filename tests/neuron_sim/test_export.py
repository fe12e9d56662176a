"""What our CLI makes of the bundled model through optimum-neuron's real exporter."""

import json
import shutil
from pathlib import Path

import pytest
from children import calls, compile_neuron

from compile.__main__ import main
from serve_app.manifest import read_manifest, verify_files


def test_the_artifact_has_every_graph_once_and_both_sizes(neuron: Path) -> None:
    manifest = read_manifest(neuron / "artifact")
    verify_files(neuron / "artifact", manifest)
    assert (manifest.backend, manifest.device, manifest.sizes) == ("neuron", "inf2", ((128, 128), (128, 64)))
    assert len(manifest.graphs) == 2 + 2 * (2 + 2)
    assert manifest.tools["neuronx-cc"] == "2.21.33363.0"
    assert manifest.tools["optimum-neuron"] == "0.4.5"


def test_sizes_share_tokenizers_and_scheduler(neuron: Path) -> None:
    names = [path.name for path in (neuron / "artifact").rglob("*") if path.is_file()]
    assert names.count("scheduler_config.json") == 1
    assert names.count("vocab.json") == 2


def test_every_graph_was_compared_with_the_eager_module_and_the_unet_timed(neuron: Path) -> None:
    manifest = read_manifest(neuron / "artifact")
    assert all(graph.relative_error is not None and graph.relative_error < 1e-4 for graph in manifest.graphs)
    assert {size: sorted(costs) for size, costs in manifest.step_cost.items()} == {"128x128": [2, 4], "128x64": [2, 4]}


def test_each_core_gets_half_of_the_rows(neuron: Path) -> None:
    """A graph for four rows is compiled for two: the batch of one core."""
    batches = [call["shapes"][0][0] for call in calls(neuron / "compile.log", "trace") if len(call["shapes"]) == 5]
    assert sorted(batches) == [1, 1, 2, 2]


def test_the_compiler_is_called_as_the_tested_recipe_has_it(neuron: Path) -> None:
    traces = calls(neuron / "compile.log", "trace")
    assert all(
        "--auto-cast matmult --auto-cast-type bf16 --optlevel 2 --target inf2" in t["compiler_args"] for t in traces
    )
    assert all(trace["options"]["inline_weights_to_neff"] for trace in traces)
    unets = [trace["compiler_args"] for trace in traces if len(trace["shapes"]) == 5]
    assert all("--model-type=unet-inference" in flags and "fast-loading" not in flags for flags in unets)


def test_no_path_of_this_machine_is_in_the_artifact(neuron: Path, weights: Path) -> None:
    texts = [p.read_text() for p in (neuron / "artifact").rglob("*.json") if p.name != "manifest.json"]
    assert not any(str(weights) in text for text in texts)


def test_events_are_lines_of_json(neuron: Path) -> None:
    lines = [line for line in (neuron / "events.jsonl").read_text().splitlines() if line.startswith("{")]
    events = [json.loads(line) for line in lines]
    assert [event["event"] for event in events].count("finished") == 10
    assert events[-1]["event"] == "done"


@pytest.fixture(scope="module")
def failed_then_resumed(tmp_path_factory: pytest.TempPathFactory, weights: Path) -> Path:
    """The compiler fails for everything but text encoders; then the same command runs again and it does not."""
    folder = tmp_path_factory.mktemp("resumed")
    flags = ("--size", "128x128")
    for name, extra in {"first": {"NEURON_SIM_FAIL": "unet-inference"}, "second": {}}.items():
        result = compile_neuron(weights, folder / "artifact", folder / f"{name}.log", *flags, **extra)
        (folder / f"{name}.json").write_text(json.dumps([result.returncode, result.stderr]))
    return folder


def test_all_failures_are_reported_and_what_succeeded_is_kept(failed_then_resumed: Path) -> None:
    code, words = json.loads((failed_then_resumed / "first.json").read_text())
    assert code == 3
    assert "3 of 5 graphs failed: vae_encoder-128x128, vae_decoder-128x128, unet-128x128-rows2" in words
    assert "neuronx-cc failed (as the test asked)" in words


def test_a_second_run_compiles_only_what_failed(failed_then_resumed: Path) -> None:
    code, words = json.loads((failed_then_resumed / "second.json").read_text())
    assert code == 0, words
    assert len(calls(failed_then_resumed / "second.log", "trace")) == 3
    assert read_manifest(failed_then_resumed / "artifact").step_cost == {}  # there was no device to time it on


def test_a_neuron_artifact_is_refused_on_a_machine_without(
    neuron: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["verify", str(neuron / "artifact")]) == 5
    assert "needs a Neuron machine" in capsys.readouterr().err


def test_a_corrupted_artifact_is_refused(neuron: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(neuron / "artifact", tmp_path / "artifact")
    graph = tmp_path / "artifact" / "graphs" / "unet-128x128-rows2" / "model.neuron"
    content = bytearray(graph.read_bytes())
    content[len(content) // 2] ^= 1
    graph.write_bytes(content)
    assert main(["verify", str(tmp_path / "artifact")]) == 5
    assert "unet-128x128-rows2/model.neuron: its content is not what was compiled" in capsys.readouterr().err
