"""The panels as a dashboard that Grafana imports."""

import json
from typing import Any

from k8s.monitoring.panels import PANELS, Panel

WIDTH = 24  # of Grafana's grid
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
VARIABLES = [
    {"name": "datasource", "type": "datasource", "query": "prometheus", "label": "Data source"},
    {
        "name": "price",
        "type": "textbox",
        "query": "1",
        "current": {"text": "1", "value": "1"},
        "label": "Dollars per replica and hour",
    },
]


def dashboard() -> str:
    """JSON; numbers in a first row, graphs two by two under it."""
    numbers = [panel for panel in PANELS if not panel.wide]
    graphs = [panel for panel in PANELS if panel.wide]
    width, half = WIDTH // len(numbers), WIDTH // 2
    placed = [_panel(panel, i * width, 0, width, 4) for i, panel in enumerate(numbers)]
    placed += [_panel(panel, i % 2 * half, 4 + i // 2 * 8, half, 8) for i, panel in enumerate(graphs)]
    for number, panel in enumerate(placed, 1):
        panel["id"] = number
    whole = {
        "uid": "imagine",
        "title": "imagine",
        "schemaVersion": 38,
        "refresh": "30s",
        "time": {"from": "now-3h", "to": "now"},
        "templating": {"list": VARIABLES},
        "panels": placed,
    }
    return json.dumps(whole, indent=1) + "\n"


def _panel(panel: Panel, x: int, y: int, width: int, height: int) -> dict[str, Any]:
    targets = [
        {"refId": chr(ord("A") + i), "expr": expression, "legendFormat": legend, "datasource": SOURCE}
        for i, (legend, expression) in enumerate(panel.lines.items())
    ]
    return {
        "title": panel.title,
        "description": panel.description,
        "type": "timeseries" if panel.wide else "stat",
        "datasource": SOURCE,
        "gridPos": {"x": x, "y": y, "w": width, "h": height},
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
        "targets": targets,
    }
