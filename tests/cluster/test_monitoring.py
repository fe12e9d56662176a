"""Prometheus scrapes a running service: what the dashboard and the alerts ask for is there."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from prometheus import Prometheus, prometheus_over, wait_for
from server import Server

from k8s.monitoring.alerts import ALERTS, Alert
from k8s.monitoring.panels import PANELS

pytestmark = pytest.mark.cluster
LINES = {f"{panel.title}: {legend}": line for panel in PANELS for legend, line in panel.lines.items()}


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """One replica of two, on NeuronCores that only Ray believes in; its queue is short."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_OVERRIDE_RESOURCES", '{"neuron_cores": 4}')
        flags = ["--replica-neuron-cores=2", "--max-replicas=2", "--replica-cpus=0.5", "--max-rows=2"]
        server = Server.start(*flags, "--max-waiting=2")
    yield server
    server.kill()


@pytest.fixture(scope="module")
def prometheus(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """After some pictures, so that every series has begun."""
    with prometheus_over(server.metrics_port, tmp_path_factory.mktemp("prometheus")) as prometheus:
        httpx.get(f"{server.url}/readyz", trust_env=False)  # as a probe does; replicas are counted then
        draw(server, 1)
        assert wait_for(lambda: prometheus.query("ray_imagine_requests_total"), 60)
        draw(server, 4)
        draw(server, 1, steps="0")
        for line in ("Images per second: images", "Latency: 50 %"):  # of two processes, each with its own ten seconds
            assert wait_for(lambda line=line: sum(prometheus.query(LINES[line])) > 0, 60), line
        yield prometheus


def draw(server: Server, count: int, steps: str = "3") -> list[int]:
    """Status codes of so many requests at once."""
    parameters = {"prompt": "a red circle", "steps": steps}
    with httpx.Client(base_url=server.url, timeout=60, trust_env=False) as http, ThreadPoolExecutor(count) as pool:
        return [a.status_code for a in pool.map(lambda _: http.get("/imagine", params=parameters), range(count))]


@pytest.mark.parametrize("line", LINES)
def test_every_line_of_the_dashboard_has_data(prometheus: Prometheus, line: str) -> None:
    values = prometheus.query(LINES[line])
    assert values and all(value >= 0 for value in values), LINES[line]


def test_used_and_free_cores_are_what_the_replica_takes(prometheus: Prometheus) -> None:
    assert prometheus.query(LINES["NeuronCores: used"]) == [2]
    assert prometheus.query(LINES["NeuronCores: free"]) == [2]
    assert prometheus.query(LINES["NeuronCores: pending"]) == [0]


def test_the_cost_is_that_of_the_replicas_that_run(prometheus: Prometheus) -> None:
    (cost,) = prometheus.query(LINES["Cost per 1,000 images: cost"])
    (rate,) = prometheus.query(LINES["Images per second: images"])
    assert cost == pytest.approx(1000 / 3600 / rate, rel=0.5)  # a scrape lies between the two


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert.name)
def test_every_alert_asks_for_metrics_that_exist(prometheus: Prometheus, alert: Alert) -> None:
    names = set(re.findall(r"\bray_\w+", alert.expression))
    assert names and names <= prometheus.metrics()
    prometheus.query(alert.expression)


def test_prometheus_takes_all_the_rules(prometheus: Prometheus) -> None:
    (group,) = prometheus.get("rules")["groups"]
    assert {rule["name"]: rule["health"] for rule in group["rules"]} == {alert.name: "ok" for alert in ALERTS}


def test_a_burst_makes_an_alert_fire_and_only_what_is_true(server: Server, prometheus: Prometheus) -> None:
    assert "ImagineOverloaded" not in prometheus.alerts()
    assert 503 in draw(server, 24)
    assert wait_for(lambda: prometheus.alerts().get("ImagineOverloaded") == "firing", 60)
    assert {"ImagineDown", "ImagineUnhealthy", "ImagineErrors"}.isdisjoint(prometheus.alerts())
