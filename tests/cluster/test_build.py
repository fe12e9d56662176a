"""The typed builder and what it asks of Ray; starts no Ray."""

from pathlib import Path

import pytest
from pydantic import ValidationError
from ray.serve._private.api import call_user_app_builder_with_args_if_necessary as as_serve_does

from serve_app.app import _ingress_options, _replica_options, build
from serve_app.errors import SettingsError
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
    with_cores = _replica_options(load_settings(replica_neuron_cores=2))["ray_actor_options"]
    without = _replica_options(load_settings())["ray_actor_options"]
    assert with_cores["resources"] == {"neuron_cores": 2}
    assert "runtime_env" not in with_cores
    assert without["runtime_env"]["env_vars"] == {"NEURON_RT_VISIBLE_CORES": ""}


def test_the_ingress_never_sees_neuron_cores() -> None:
    actor = _ingress_options(load_settings(replica_neuron_cores=2))["ray_actor_options"]
    assert actor["runtime_env"]["env_vars"] == {"NEURON_RT_VISIBLE_CORES": ""}


def test_replicas_are_fixed_unless_more_are_allowed() -> None:
    assert _replica_options(load_settings(replicas=3))["num_replicas"] == 3
    scaled = _replica_options(load_settings(replicas=2, max_replicas=6))
    assert "num_replicas" not in scaled
    assert (scaled["autoscaling_config"]["min_replicas"], scaled["autoscaling_config"]["max_replicas"]) == (2, 6)


def test_ray_holds_more_requests_than_the_engine_so_that_the_engine_refuses() -> None:
    options = _replica_options(load_settings(max_rows=8, max_waiting=32))
    assert options["max_ongoing_requests"] > 8 + 32


@pytest.mark.parametrize("options", [_replica_options, _ingress_options])
def test_requests_in_flight_get_the_grace_time(options) -> None:  # type: ignore[no-untyped-def]
    assert options(load_settings(grace_s=77))["graceful_shutdown_timeout_s"] == 77
