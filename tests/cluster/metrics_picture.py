"""Takes docs/images/ray-metrics.png, four lines of the dashboard: `python tests/cluster/metrics_picture.py`.

Takes five minutes.
"""

import os
import random
import shutil
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlencode

import httpx

sys.path += [str(Path(__file__).parents[i]) for i in (1, 2)]

from playwright.sync_api import sync_playwright  # noqa: E402
from prometheus import prometheus_over  # noqa: E402
from server import ROOT, Server  # noqa: E402

from k8s.monitoring.panels import PANELS  # noqa: E402

SECONDS = 240
SHOWN = ["Images per second", "Latency", "Queue", "NeuronCores"]
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")
STYLE = """addEventListener('DOMContentLoaded', () => {
  const style = document.createElement('style')
  style.textContent = `body {padding: 0 !important} #graph_container > * {width: 50%; float: left}
    textarea {width: 100% !important; height: 5em !important; font-size: 11px !important}
    nav, .nav-tabs, .eval_stats, .graph_container form, .prometheus_input_group, #add_graph, .query-history,
    form input, form select, form a {display: none !important}`
  document.head.append(style)
})"""


def load(server: Server) -> None:
    """People who come and go; the one replica becomes two, and a minute before the end one of them is killed."""
    end, killed = time.monotonic() + SECONDS, False
    with httpx.Client(base_url=server.url, timeout=120, trust_env=False) as http, ThreadPoolExecutor(6) as pool:
        while time.monotonic() < end:
            for _ in range(random.choice([1, 1, 2, 4])):
                steps = random.choice([5, 10, 15])
                pool.submit(http.get, "/imagine", params={"prompt": "a white boat", "steps": steps})
            time.sleep(random.choice([1, 2, 3]))
            if not killed and time.monotonic() > end - 60:
                server.replicas()[0].kill()
                killed = True


def graphs() -> str:
    """The page's query: a graph for each panel, its lines told apart by a label."""
    query = {}
    for i, title in enumerate(SHOWN):
        (lines,) = [panel.lines for panel in PANELS if panel.title == title]
        named = {name: f'label_replace({line}, "line", "{name}", "", "")' for name, line in lines.items()}
        shown = [line if "{{" in name else named[name] for name, line in lines.items()]
        query[f"g{i}.expr"] = " or ".join(shown).replace("$__rate_interval", "1m")
        query |= {f"g{i}.tab": "0", f"g{i}.range_input": f"{SECONDS}s"}
    return urlencode(query)


def main() -> None:
    os.environ["RAY_OVERRIDE_RESOURCES"] = '{"neuron_cores": 4}'
    server = Server.start("--replica-neuron-cores=2", "--max-replicas=2", "--replica-cpus=0.5", "--max-rows=4")
    try:
        with (
            tempfile.TemporaryDirectory() as folder,
            prometheus_over(server.metrics_port, Path(folder)) as prometheus,
            sync_playwright() as playwright,
        ):
            load(server)
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
            page = browser.new_page(viewport={"width": 1300, "height": 700})
            page.add_init_script(STYLE)
            page.goto(f"{prometheus.url}/classic/graph?{graphs()}")
            page.wait_for_timeout(5000)
            page.screenshot(path=ROOT / "docs" / "images" / "ray-metrics.png", full_page=True)
            browser.close()
        server.stop()
    finally:
        server.kill()


if __name__ == "__main__":
    main()
