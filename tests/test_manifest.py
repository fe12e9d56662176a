"""Artifacts that are damaged or made for another machine."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from artifacts import a_manifest

from serve_app.errors import ArtifactError
from serve_app.manifest import FILE, Graph, cpu_flags, hash_file, installed, read_manifest, verify

Change = Callable[[dict[str, Any]], None]


@pytest.fixture
def artifact(tmp_path: Path) -> Path:
    """A folder with one graph file whose content is not a graph, which `verify` does not look into."""
    (tmp_path / "unet.pt2").write_bytes(b"graph")
    manifest = a_manifest(
        sizes=((128, 64),),
        tools={"torch": installed("torch") or ""},
        cpu_flags=tuple(cpu_flags()),
        graphs=(Graph(component="unet", size=(128, 64), rows=2, file="unet.pt2", key="k"),),
        step_cost={"128x64": {2: 5.0}},
        memory_bytes=5,
        files={"unet.pt2": hash_file(tmp_path / "unet.pt2")},
    )
    (tmp_path / FILE).write_text(manifest.model_dump_json())
    return tmp_path


def change(artifact: Path, **values: Any) -> None:
    path = artifact / FILE
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def test_a_sound_artifact_is_read_back_as_it_was_written(artifact: Path) -> None:
    manifest = verify(artifact)
    assert manifest.sizes == ((128, 64),)
    assert manifest.step_cost == {"128x64": {2: 5.0}}
    assert manifest.graphs[0].size == (128, 64)


def test_sizes_are_written_as_people_write_them(artifact: Path) -> None:
    assert json.loads((artifact / FILE).read_text())["sizes"] == ["128x64"]


def test_a_missing_file_is_named(artifact: Path) -> None:
    (artifact / "unet.pt2").unlink()
    with pytest.raises(ArtifactError, match="unet.pt2: this file of the artifact is missing"):
        verify(artifact)


def test_a_truncated_file_is_named(artifact: Path) -> None:
    (artifact / "unet.pt2").write_bytes(b"gra")
    with pytest.raises(ArtifactError, match="unet.pt2: has 3 bytes instead of 5"):
        verify(artifact)


def test_a_changed_file_is_named(artifact: Path) -> None:
    (artifact / "unet.pt2").write_bytes(b"grape")
    with pytest.raises(ArtifactError, match="unet.pt2: its content is not what was compiled"):
        verify(artifact)


def test_a_graph_without_a_hash_is_refused(artifact: Path) -> None:
    change(artifact, files={})
    with pytest.raises(ArtifactError, match="no entry for unet.pt2"):
        verify(artifact)


@pytest.mark.parametrize(
    "values, field",
    [
        ({"schema_version": 2}, "schema_version"),
        ({"backend": "tpu"}, "backend"),
        ({"colour": "red"}, "colour"),
        ({"sizes": ["wide"]}, "sizes.0"),
    ],
)
def test_a_manifest_of_another_kind_is_refused_by_field(artifact: Path, values: dict[str, Any], field: str) -> None:
    change(artifact, **values)
    with pytest.raises(ArtifactError, match=f"{FILE}: {field}"):
        read_manifest(artifact)


def test_a_manifest_that_is_no_json_is_refused(artifact: Path) -> None:
    (artifact / FILE).write_text("{")
    with pytest.raises(ArtifactError, match="Invalid JSON"):
        read_manifest(artifact)


def test_a_manifest_without_the_version_that_decides_is_refused(artifact: Path) -> None:
    change(artifact, tools={})
    with pytest.raises(ArtifactError, match="tools has no version of torch"):
        verify(artifact)


def test_another_torch_is_refused(artifact: Path) -> None:
    change(artifact, tools={"torch": "2.1.0"})
    with pytest.raises(ArtifactError, match=r"compiled with torch 2\.1\.0 and fits no other; here is"):
        verify(artifact)


def test_a_build_tag_of_torch_makes_no_difference(artifact: Path) -> None:
    public = (installed("torch") or "").split("+")[0]
    change(artifact, tools={"torch": f"{public}+cu130"})
    verify(artifact)


def test_a_cpu_without_an_instruction_set_is_refused(artifact: Path) -> None:
    change(artifact, cpu_flags=["avx99"])
    with pytest.raises(ArtifactError, match="compiled for a CPU with avx99"):
        verify(artifact)


def test_a_neuron_artifact_is_refused_where_there_is_no_neuron_compiler(artifact: Path) -> None:
    change(artifact, backend="neuron", tools={"neuronx-cc": "2.21.0"})
    with pytest.raises(ArtifactError, match="neuronx-cc is not installed here"):
        verify(artifact)


def test_only_the_sizes_that_are_served_are_loaded(artifact: Path) -> None:
    manifest = read_manifest(artifact)
    text = Graph(component="text_encoder", size=None, rows=1, file="t", key="k")
    wide = Graph(component="unet", size=(256, 64), rows=2, file="w", key="k")
    manifest = manifest.model_copy(update={"graphs": (text, wide, *manifest.graphs), "sizes": ((256, 64), (128, 64))})
    assert [graph.size for graph in manifest.of_sizes([(128, 64)]).graphs] == [None, (128, 64)]
    assert manifest.of_sizes([(128, 64)]).sizes == ((128, 64),)


def test_this_cpu_has_instruction_sets() -> None:
    assert cpu_flags()
