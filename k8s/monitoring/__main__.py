"""`python -m k8s.monitoring` writes dashboard.json, alerts.yml and prometheus-rule.yaml anew."""

from pathlib import Path

from k8s.monitoring.alerts import plain_rules, prometheus_rule
from k8s.monitoring.dashboard import dashboard

FOLDER = Path(__file__).parent


def files() -> dict[str, str]:
    """What is written, by file name."""
    return {"dashboard.json": dashboard(), "alerts.yml": plain_rules(), "prometheus-rule.yaml": prometheus_rule()}


def main() -> None:
    for name, text in files().items():
        (FOLDER / name).write_text(text)


if __name__ == "__main__":
    main()
