"""The typed builder and what it asks of Ray; starts no Ray."""

from pathlib import Path

import pytest
from artifacts import a_manifest
from pydantic import ValidationError
from ray.serve._private.api import call_user_app_builder_with_args_if_necessary as as_serve_does

from serve_app.app import _ingress_options, _replica_options, build, neuron_cores
from serve_app.errors import SettingsError
from serve_app.manifest import FILE
from serve_app.settings import load_settings

pytestmark = pytest.mark.cluster  # imports Ray, though it starts none


def test_a_rayservice_builds_it_from_a_dict() -> None:
    assert as_serve_does(build, {"max_rows": 4}) is not None


def test_an_unknown_argument_is_refused_by_name() -> None:
    with pytest.raises(ValidationError, match="max_row\n"):
        as_serve_does(build, {"max_row": 4})


def test_arguments_win_over_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("IMAGINE_MODEL", str(tmp_path / "absent"))
    with pytest.raises(SettingsError, match="absent"):
        as_serve_does(build, {"max_rows": 4})
    assert as_serve_does(build, {"model": str(Path(__file__).parents[2] / "demo_model" / "weights")}) is not None


def test_neuron_cores_are_asked_for_and_otherwise_hidden() -> None:
    with_cores = _replica_options(load_settings(), cores=2)["ray_actor_options"]
    without = _replica_options(load_settings(), cores=0)["ray_actor_options"]
    assert with_cores["resources"] == {"neuron_cores": 2}
    assert "NEURON_RT_VISIBLE_CORES" not in with_cores["runtime_env"]["env_vars"]
    assert without["runtime_env"]["env_vars"]["NEURON_RT_VISIBLE_CORES"] == ""


def test_the_ingress_never_sees_neuron_cores() -> None:
    actor = _ingress_options(load_settings(replica_neuron_cores=2))["ray_actor_options"]
    assert actor["runtime_env"]["env_vars"]["NEURON_RT_VISIBLE_CORES"] == ""


def test_replicas_are_fixed_unless_more_are_allowed() -> None:
    assert _replica_options(load_settings(replicas=3), 0)["num_replicas"] == 3
    scaled = _replica_options(load_settings(replicas=2, max_replicas=6), 0)
    assert "num_replicas" not in scaled
    assert (scaled["autoscaling_config"]["min_replicas"], scaled["autoscaling_config"]["max_replicas"]) == (2, 6)


def test_ray_holds_more_requests_than_the_engine_so_that_the_engine_refuses() -> None:
    options = _replica_options(load_settings(max_rows=8, max_waiting=32), 0)
    assert options["max_ongoing_requests"] > 8 + 32


def test_requests_in_flight_get_the_grace_time() -> None:
    settings = load_settings(grace_s=77)
    for options in (_replica_options(settings, 0), _ingress_options(settings)):
        assert options["graceful_shutdown_timeout_s"] == 77


def test_a_checkpoint_gets_the_cores_that_are_set(weights: Path) -> None:
    assert neuron_cores(weights, load_settings()) == 0
    assert neuron_cores(weights, load_settings(replica_neuron_cores=2)) == 2


def test_a_neuron_artifact_gets_the_cores_of_a_chip_and_no_other_number(tmp_path: Path) -> None:
    manifest = a_manifest(backend="neuron", device="inf2")
    (tmp_path / FILE).write_text(manifest.model_dump_json())
    assert neuron_cores(tmp_path, load_settings()) == 2
    with pytest.raises(SettingsError, match="--replica-neuron-cores.* = 4: .*allowed: 2, or leave it out"):
        neuron_cores(tmp_path, load_settings(replica_neuron_cores=4))
