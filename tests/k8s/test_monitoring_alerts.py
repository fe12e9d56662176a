"""Every alert against series that Prometheus's own test runner makes up: it fires, and it keeps still."""

import subprocess
from pathlib import Path

import pytest
import yaml
from manifests import K8S, program

from k8s.monitoring.alerts import ALERTS

BY_NAME = {alert.name: alert for alert in ALERTS}
ROWS = "ray_imagine_active_rows"
QUEUE = 'ray_imagine_queue_length{model="m",WorkerId="%s"}'
STEPS = 'ray_imagine_step_seconds_count{model="m"}'
STEP_TIME = 'ray_imagine_step_seconds_sum{model="m"}'
STATUS = 'ray_serve_application_status{application="imagine"}'
ASKED = 'ray_imagine_requests_total{route="/imagine",code="%s"}'
TOOK = 'ray_imagine_request_seconds_bucket{route="/imagine",le="%s"}'
MODELS = '{application="imagine",deployment="ModelReplica"%s}'
WANTED = f"ray_serve_autoscaling_target_replicas{MODELS % ''}"
HEALTHY = "ray_serve_deployment_replica_healthy" + MODELS % ',replica="%s"'
CORES = 'ray_resources{Name="neuron_cores",State="%s"}'
DAY = 24 * 60
"""Minutes: a series is one sample a minute."""

FIRES = [
    ("ImagineDown", {"up": "1x10"}, 6, {}),
    ("ImagineUnhealthy", {STATUS: "6x3 2x10"}, 12, {}),
    ("ImagineUnhealthy", {STATUS: "1x10"}, 6, {}),
    ("ImagineStuck", {QUEUE % "a": "3x10", STEPS: "50x10"}, 7, {"model": "m"}),
    ("ImagineErrors", {ASKED % 200: "0+90x20", ASKED % 500: "0+10x20"}, 12, {}),
    ("ImagineOverloaded", {ASKED % 200: "0+90x20", ASKED % 503: "0+10x20"}, 12, {}),
    ("ImagineSlow", {TOOK % 50: "0+9x40", TOOK % 100: "0+10x40", TOOK % "+Inf": "0+10x40"}, 25, {}),
    (
        "ImagineStepsSlow",
        {STEPS: f"0+100x{DAY + 90}", STEP_TIME: f"0+10x{DAY} 14400+25x90"},
        DAY + 80,
        {"model": "m"},
    ),
    ("ImagineReplicasPending", {WANTED: "3x30", HEALTHY % "a": "1x30"}, 25, {}),
    ("ImagineReplicasPending", {WANTED: "1x30"}, 25, {}),
    ("ImagineIdleCores", {CORES % "AVAILABLE": "10x90", CORES % "USED": "2x90"}, 70, {}),
]
QUIET = [
    ("ImagineDown", {ROWS: "0x10"}, 10),
    ("ImagineDown", {ROWS: "_x3 0x10"}, 10),  # away for less than five minutes
    ("ImagineUnhealthy", {STATUS: "6x10"}, 10),
    ("ImagineUnhealthy", {STATUS: "5x10"}, 10),  # a deployment under way
    ("ImagineUnhealthy", {STATUS: "0x10"}, 10),
    ("ImagineStuck", {QUEUE % "a": "3x10", STEPS: "0+10x10"}, 10),  # busy
    ("ImagineStuck", {QUEUE % "a": "0x10", STEPS: "50x10"}, 10),  # idle
    ("ImagineErrors", {ASKED % 200: "0+99x20", ASKED % 500: "0+1x20"}, 15),
    ("ImagineErrors", {ASKED % 200: "0+50x20", ASKED % 503: "0+50x20"}, 15),  # another alert's
    ("ImagineErrors", {ASKED % 200: "0+50x20", ASKED % 422: "0+50x20"}, 15),  # the client's
    ("ImagineErrors", {ASKED % 200: "5x20"}, 15),  # nobody asks
    ("ImagineOverloaded", {ASKED % 200: "0+97x20", ASKED % 503: "0+3x20"}, 15),
    ("ImagineSlow", {TOOK % 50: "0+10x40", TOOK % 100: "0+10x40", TOOK % "+Inf": "0+10x40"}, 35),
    ("ImagineStepsSlow", {STEPS: f"0+100x{DAY + 90}", STEP_TIME: f"0+10x{DAY} 14400+15x90"}, DAY + 80),
    ("ImagineReplicasPending", {WANTED: "2x30", HEALTHY % "a": "1x30", HEALTHY % "b": "1x30"}, 25),
    ("ImagineReplicasPending", {WANTED: "1x10 2x10 2x10", HEALTHY % "a": "1x30"}, 25),  # a node is starting
    ("ImagineIdleCores", {CORES % "AVAILABLE": "0x90", CORES % "USED": "12x90"}, 80),
    ("ImagineIdleCores", {CORES % "AVAILABLE": "2x90"}, 50),  # not for an hour yet
    ("ImagineIdleCores", {CORES % "AVAILABLE": "2x40 0x50"}, 80),
]


def verdict(folder: Path, alert: str, series: dict[str, str], minute: int, expected: list[dict[str, object]]) -> str:
    """What promtool has against the expectation; empty if it has nothing."""
    test = {
        "interval": "1m",
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "alert_rule_test": [{"alertname": alert, "eval_time": f"{minute}m", "exp_alerts": expected}],
    }
    rules = str(K8S / "monitoring" / "alerts.yml")
    (folder / "test.yml").write_text(yaml.safe_dump({"rule_files": [rules], "tests": [test]}))
    done = subprocess.run([program("promtool"), "test", "rules", folder / "test.yml"], capture_output=True, text=True)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def firing(alert: str, labels: dict[str, str]) -> dict[str, object]:
    rule = BY_NAME[alert]
    return {
        "exp_labels": {"severity": rule.severity, **labels},
        "exp_annotations": {"summary": rule.summary, "runbook": rule.runbook},
    }


@pytest.mark.parametrize(("alert", "series", "minute", "labels"), FIRES, ids=lambda value: str(value)[:40])
def test_it_fires(tmp_path: Path, alert: str, series: dict[str, str], minute: int, labels: dict[str, str]) -> None:
    assert verdict(tmp_path, alert, series, minute, [firing(alert, labels)]) == ""


@pytest.mark.parametrize(("alert", "series", "minute"), QUIET, ids=lambda value: str(value)[:40])
def test_it_keeps_still(tmp_path: Path, alert: str, series: dict[str, str], minute: int) -> None:
    assert verdict(tmp_path, alert, series, minute, []) == ""


def test_a_wrong_expectation_is_found(tmp_path: Path) -> None:
    assert "ImagineDown" in verdict(tmp_path, "ImagineDown", {ROWS: "0x10"}, 10, [firing("ImagineDown", {})])


def test_every_alert_is_made_to_fire_and_to_keep_still() -> None:
    assert {case[0] for case in FIRES} == {case[0] for case in QUIET} == set(BY_NAME)
