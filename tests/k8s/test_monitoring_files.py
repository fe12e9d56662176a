"""k8s/monitoring: what it is made of exists, and what is written is what the code says."""

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from manifests import K8S, ROOT, Manifest, kinds, kustomize, matches, pod_templates, port_names, program, serve_config

from k8s.monitoring.__main__ import files
from k8s.monitoring.alerts import ALERTS, Alert
from k8s.monitoring.panels import PANELS
from k8s.monitoring.queries import CORES_PER_REPLICA

Render = Callable[..., list[Manifest]]
FOLDER = K8S / "monitoring"
GUIDE = (ROOT / "docs" / "monitoring.md").read_text()
EXPRESSIONS = [expression for panel in PANELS for expression in panel.lines.values()]
EXPRESSIONS += [alert.expression for alert in ALERTS]


@pytest.fixture(scope="module")
def monitoring() -> list[Manifest]:
    return kustomize(FOLDER)


@pytest.mark.parametrize("name", files())
def test_what_is_committed_is_what_the_code_says(name: str) -> None:
    """Else run `python -m k8s.monitoring`."""
    assert (FOLDER / name).read_text() == files()[name]


def test_the_rules_of_the_operator_are_the_plain_ones(monitoring: list[Manifest]) -> None:
    (rule,) = kinds(monitoring, "PrometheusRule")
    assert rule["spec"] == yaml.safe_load((FOLDER / "alerts.yml").read_text())


def test_promtool_accepts_rules_and_configuration() -> None:
    for what, name in (("rules", "alerts.yml"), ("config", "local.yml")):
        done = subprocess.run([program("promtool"), "check", what, FOLDER / name], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


def test_promtool_refuses_a_wrong_expression(tmp_path: Path) -> None:
    wrong = (FOLDER / "alerts.yml").read_text().replace("absent(", "absent((")
    (tmp_path / "alerts.yml").write_text(wrong)
    done = subprocess.run([program("promtool"), "check", "rules", tmp_path / "alerts.yml"], capture_output=True)
    assert done.returncode != 0 and b"parse error" in done.stdout + done.stderr


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_a_metric_of_ours_exists_and_has_the_form_that_is_used(expression: str) -> None:
    text = (ROOT / "serve_app" / "metrics.py").read_text()
    kind = {name: kind for kind, name in re.findall(r'(Counter|Gauge|Histogram)\(\s*"(imagine_\w+)"', text)}
    for name, suffix in re.findall(r"ray_(imagine_\w+?)(_bucket|_sum|_count)?\b", expression):
        assert name in kind
        assert (kind[name] == "Histogram") == bool(suffix), name
        assert kind[name] == "Gauge" or "rate(" in expression


def test_every_metric_of_ours_is_shown() -> None:
    text = (ROOT / "serve_app" / "metrics.py").read_text()
    shown = " ".join(expression for panel in PANELS for expression in panel.lines.values())
    assert not [name for name in re.findall(r'"(imagine_\w+)"', text) if f"ray_{name}" not in shown]


def test_the_dashboard_has_room_for_every_panel() -> None:
    panels = json.loads((FOLDER / "dashboard.json").read_text())["panels"]
    places = [p["gridPos"] for p in panels]
    cells = [(x, y) for p in places for x in range(p["x"], p["x"] + p["w"]) for y in range(p["y"], p["y"] + p["h"])]
    assert len(set(cells)) == len(cells) and max(x for x, _ in cells) < 24
    assert [p["title"] for p in panels] == [p.title for p in sorted(PANELS, key=lambda p: p.wide)]
    assert len({p["id"] for p in panels}) == len(panels)


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert.name)
def test_every_alert_has_its_runbook(alert: Alert) -> None:
    section = re.search(rf"^### {alert.name}\n(.+?)(?=^##|\Z)", GUIDE, re.M | re.S)
    assert section and len(section[1]) > 100
    page, anchor = alert.runbook.split("#")
    assert (ROOT / page).exists() and anchor == alert.name.lower()


def test_the_guide_has_no_alert_that_does_not_exist() -> None:
    assert set(re.findall(r"^### (Imagine\w+)", GUIDE, re.M)) == {alert.name for alert in ALERTS}


def test_the_monitor_finds_every_ray_pod_and_its_port(monitoring: list[Manifest], render: Render) -> None:
    (monitor,) = kinds(monitoring, "PodMonitor")
    found = [t for t in pod_templates(render("inf2")) if matches(monitor["spec"]["selector"], t["metadata"]["labels"])]
    assert [t["metadata"]["labels"]["app.kubernetes.io/component"] for t in found] == ["head", "ingress", "models"]
    (endpoint,) = monitor["spec"]["podMetricsEndpoints"]
    assert all(endpoint["port"] in port_names(template) for template in found)
    assert monitor["metadata"]["namespace"] == kinds(render("inf2"), "ServiceAccount")[0]["metadata"]["namespace"]


def test_the_network_lets_prometheus_in(monitoring: list[Manifest], render: Render) -> None:
    (monitor,) = kinds(monitoring, "PodMonitor")
    (policy,) = [m for m in kinds(render("inf2"), "NetworkPolicy") if m["metadata"]["name"] == "metrics"]
    assert policy["spec"]["podSelector"] == monitor["spec"]["selector"]
    assert policy["spec"]["ingress"][0]["ports"] == [{"port": monitor["spec"]["podMetricsEndpoints"][0]["port"]}]


def test_a_replica_has_as_many_cores_as_the_dashboard_counts(render: Render) -> None:
    (application,) = serve_config(render("inf2"))["applications"]
    assert application["args"]["replica_neuron_cores"] == CORES_PER_REPLICA
    assert any(f'application="{application["name"]}"' in expression for expression in EXPRESSIONS)
