"""The alerts: for Prometheus as it is, and as a PrometheusRule for its operator."""

import json
from dataclasses import dataclass
from textwrap import indent

from k8s.monitoring import queries as q

RUNBOOK = "docs/monitoring.md"


@dataclass(frozen=True)
class Alert:
    """`page` for what somebody must look at now, `ticket` for what can wait until morning."""

    name: str
    expression: str
    lasts: str
    severity: str
    summary: str

    @property
    def runbook(self) -> str:
        return f"{RUNBOOK}#{self.name.lower()}"


OVERLOAD = 'code="503"'
OTHER_5XX = 'code=~"5..",code!="503"'
ALERTS = [
    Alert("ImagineDown", "absent(ray_imagine_active_rows)", "5m", "page", "No model replica reports."),
    Alert(
        "ImagineUnhealthy",
        'max(ray_serve_application_status{application="imagine"} > 0 < 3)',  # 1 is DEPLOY_FAILED, 2 UNHEALTHY
        "5m",
        "page",
        "Serve says that the application is unhealthy or failed to deploy.",
    ),
    Alert(
        "ImagineStuck",
        "sum by (model)(ray_imagine_queue_length) > 0 "
        "and sum by (model)(rate(ray_imagine_step_seconds_count[2m])) == 0",
        "3m",
        "page",
        "Images wait and no step is computed.",
    ),
    Alert(
        "ImagineErrors",
        f"{q.share_of_requests(OTHER_5XX, '5m')} > 0.02",
        "5m",
        "page",
        "More than 2 % of the requests for pictures fail.",
    ),
    Alert(
        "ImagineOverloaded",
        f"{q.share_of_requests(OVERLOAD, '5m')} > 0.05",
        "5m",
        "page",
        "More than 5 % of the requests for pictures are refused.",
    ),
    Alert(
        "ImagineSlow",
        f"{q.latency(0.95, '10m')} > 60",
        "10m",
        "ticket",
        "One picture in twenty takes more than a minute, half of the default deadline.",
    ),
    Alert(
        "ImagineStepsSlow",
        f"{q.step_mean('15m')} > 2 * ({q.step_mean('15m', '1d')})",
        "30m",
        "ticket",
        "A denoising step takes twice the time of yesterday.",
    ),
    Alert(
        "ImagineReplicasPending",
        f"{q.PENDING} > 0",
        "20m",
        "ticket",
        "Serve wants more replicas than there are, for longer than a node and a model take to start.",
    ),
    Alert(
        "ImagineIdleCores",
        f"{q.cores('AVAILABLE')} > 0",
        "1h",
        "ticket",
        "NeuronCores that are paid for belong to no replica.",
    ),
]

RULE = """\
- alert: {name}
  expr: {expression}
  for: {lasts}
  labels: {{severity: {severity}}}
  annotations: {{summary: {summary}, runbook: {runbook}}}
"""
PLAIN = """\
# Written by `python -m k8s.monitoring`.
groups:
  - name: imagine
    rules:
{rules}"""
OPERATOR = """\
# Written by `python -m k8s.monitoring`.
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: imagine
spec:
  groups:
    - name: imagine
      rules:
{rules}"""


def plain_rules() -> str:
    """A file for Prometheus's `rule_files`."""
    return PLAIN.format(rules=indent(_rules(), " " * 6))


def prometheus_rule() -> str:
    """The same for the Prometheus operator."""
    return OPERATOR.format(rules=indent(_rules(), " " * 8))


def _rules() -> str:
    return "".join(
        RULE.format(
            name=alert.name,
            expression=json.dumps(alert.expression),  # a JSON string is a YAML string
            lasts=alert.lasts,
            severity=alert.severity,
            summary=json.dumps(alert.summary),
            runbook=json.dumps(alert.runbook),
        )
        for alert in ALERTS
    )
