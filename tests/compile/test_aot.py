"""The aot target for real, with g++, on a checkpoint small enough for it."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
import torch
from engine_fakes import a_request, drain
from micro import write_micro

from compile import aot
from compile.__main__ import main
from compile.checkpoint import load_pipeline
from compile.errors import CompileError
from compile.graphs import GraphSpec
from compile.modules import constants_of, module_of, random_inputs
from compile.options import Options
from serve_app.backends import load_backend
from serve_app.backends.compiled import CompiledBackend
from serve_app.backends.eager import EagerBackend
from serve_app.core import Size
from serve_app.engine.engine import Engine
from serve_app.errors import ArtifactError
from serve_app.manifest import read_manifest, verify
from serve_app.registry import read_info
from serve_app.settings import load_settings

ROOT = Path(__file__).parent.parent.parent
SIZE: Size = (32, 32)
pytestmark = pytest.mark.timeout(1200)  # five real compiles


@pytest.fixture(scope="session")
def micro(weights: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_micro(weights, tmp_path_factory.mktemp("micro") / "checkpoint")


def command(micro: Path, output: Path) -> list[str]:
    return [
        *(sys.executable, "-m", "compile", str(micro), "--target", "aot", "--size", "32x32", "--rows", "2"),
        *("--jobs", "2", "--log", "json", "--output", str(output)),
    ]


@pytest.fixture(scope="session")
def artifact(micro: Path) -> Path:
    output = micro.parent / "artifact"
    result = subprocess.run(command(micro, output), cwd=ROOT, capture_output=True, text=True, timeout=900)
    assert result.returncode == 0, result.stderr
    return output


def test_graphs_were_compared_and_timed(artifact: Path) -> None:
    manifest = verify(artifact)
    assert all(graph.relative_error is not None and graph.relative_error < 1e-4 for graph in manifest.graphs)
    assert manifest.step_cost["32x32"][2] > 0
    assert manifest.tools["torch"].startswith("2.")


def test_the_manifest_chooses_the_backend(artifact: Path) -> None:
    assert isinstance(load_backend(artifact, load_settings()), CompiledBackend)


def test_pictures_are_those_of_the_eager_backend(artifact: Path, micro: Path) -> None:
    requests = [a_request(seed=seed, width=32, height=32, guidance_scale=g) for seed, g in [(1, 4.0), (2, 0.0)]]
    pictures = []
    for backend in (load_backend(artifact, load_settings()), EagerBackend.load(micro, "cpu", "float32", 2)):
        engine = Engine(backend, max_rows=2, max_waiting=8)
        jobs = [job for request in requests for job in engine.add(request)]
        drain(engine)
        pictures.append([job.pixels for job in jobs])
    for ours, theirs in zip(*pictures, strict=True):
        assert ours is not None and theirs is not None
        assert np.abs(ours.astype(int) - theirs.astype(int)).max() <= 2


def test_an_artifact_says_which_sizes_it_serves(artifact: Path) -> None:
    assert read_info(artifact, load_settings(model=str(artifact))).sizes == (SIZE,)


@pytest.mark.parametrize(
    "setting, words",
    [
        ({"sizes": "64x64"}, "64x64 was not compiled; allowed: 32x32"),
        ({"device": "cuda"}, "was compiled for cpu; allowed: cpu, or leave it out"),
        ({"dtype": "float16"}, "was compiled for float32"),
    ],
)
def test_settings_that_an_artifact_cannot_follow_are_refused(
    artifact: Path, setting: dict[str, str], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        read_info(artifact, load_settings(model=str(artifact), **setting))


def test_a_damaged_artifact_stops_the_server_before_ray_starts(artifact: Path, tmp_path: Path) -> None:
    shutil.copytree(artifact, tmp_path / "damaged")
    (tmp_path / "damaged" / "graphs" / "unet-32x32-rows2.pt2").write_bytes(b"")
    arguments = [sys.executable, "-m", "serve_app", "--model", str(tmp_path / "damaged"), "--no-dashboard"]
    result = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert result.returncode == 2
    assert "unet-32x32-rows2.pt2: has 0 bytes instead of" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_package_that_is_none_is_refused(artifact: Path, tmp_path: Path) -> None:
    manifest = read_manifest(artifact)
    for graph in manifest.graphs:
        (tmp_path / graph.file).parent.mkdir(exist_ok=True)
        (tmp_path / graph.file).write_bytes(b"no package")
    from serve_app.backends.aot import load_aot

    with pytest.raises(ArtifactError, match="text_encoder.pt2: cannot be loaded"):
        load_aot(tmp_path, manifest)


def test_a_graph_lets_go_of_pythons_lock_while_it_runs(artifact: Path) -> None:
    """Torch's own loader holds it: event loops, encoding and other graphs stood still for whole steps."""
    from serve_app.backends.aoti import CpuPackage

    package, latents = CpuPackage(artifact / "graphs" / "vae_decoder-32x32.pt2"), torch.zeros(1, 4, 4, 4)
    turns, calls, done = 0, 100, threading.Event()

    def other() -> None:
        nonlocal turns
        while not done.is_set():
            turns += 1
            time.sleep(0)

    thread = threading.Thread(target=other)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1000)  # nobody is made to let go
    try:
        thread.start()
        for _ in range(calls):
            package(latents)
    finally:
        done.set()
        sys.setswitchinterval(interval)
        thread.join()
    assert turns > 2 * calls  # torch's own loader: one in each call


def test_graphs_are_taken_from_an_older_artifact(
    artifact: Path, micro: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a compiler anything else would fail."""
    monkeypatch.setattr(aot, "check_toolchain", lambda options: None)
    flags = [
        "--size",
        "32x32",
        "--rows",
        "2",
        "--reuse",
        str(artifact),
        "--no-check",
        "--output",
        str(tmp_path / "new"),
    ]
    monkeypatch.setenv("CXX", "/nonexistent")
    assert main([str(micro), *flags]) == 0
    assert {g.key for g in read_manifest(tmp_path / "new").graphs} == {g.key for g in read_manifest(artifact).graphs}


def test_weights_too_large_to_freeze_are_kept_once_beside_the_graphs(
    micro: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aot, "FREEZE_BYTES", 0)
    options = Options(model=str(micro), output="", sizes=(SIZE,))
    pipeline, graph, path = load_pipeline(options), GraphSpec("text_encoder_2"), tmp_path / "graph.pt2"
    aot.compile_aot(pipeline, graph, options, path)
    module = module_of(pipeline, graph.component)
    from serve_app.backends.aoti import CpuPackage

    constants = constants_of(module)
    run = CpuPackage(path)
    run.use_weights(constants)
    inputs = random_inputs(pipeline, graph.component, None, 1, seed=5)
    with torch.inference_mode():
        for ours, theirs in zip(run(*inputs), module(*inputs), strict=True):
            assert torch.allclose(ours, theirs, atol=1e-5)
        constants["model.text_projection.weight"].mul_(2)  # shared, not copied: the graph sees it
        assert torch.allclose(run(*inputs)[1], module(*inputs)[1], atol=1e-5)
    del constants["model.text_projection.weight"]
    with pytest.raises(RuntimeError, match="its weights lack"):
        CpuPackage(path).use_weights(constants)


def test_a_machine_without_a_compiler_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(CompileError, match=r"needs a C\+\+ compiler: install the package g\+\+"):
        aot.check_toolchain(Options(model="", output=""))


def test_ctrl_c_leaves_no_artifact_and_no_process(micro: Path, tmp_path: Path) -> None:
    process = subprocess.Popen(
        command(micro, tmp_path / "out"),
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell's background job ignores it
    )
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("{") and json.loads(line)["event"] == "started":
            break
    time.sleep(1)
    family = psutil.Process(process.pid).children(recursive=True)
    os.kill(process.pid, signal.SIGINT)
    assert process.wait(90) == 130  # the server that forks workers may be at its imports
    _, alive = psutil.wait_procs(family, timeout=90)  # the server that forks workers first ends its imports
    assert not [child for child in alive if child.status() != psutil.STATUS_ZOMBIE]
    assert not (tmp_path / "out").exists()
