"""A child process: replicas on a Ray cluster of two nodes with four NeuronCores each. Prints what it saw as JSON.

`cores.py ARTIFACT`, with the simulated Neuron SDK on PYTHONPATH and its record in $NEURON_SIM_LOG.
"""

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import psutil
import ray
from ray import serve
from ray.cluster_utils import Cluster
from server import REPLICA, free_port

from serve_app.app import build
from serve_app.settings import load_settings

NODE = {"num_cpus": 4, "resources": {"neuron_cores": 4}, "object_store_memory": 100 << 20}
DEADLINE_S = 240


def until(reached: Callable[[], bool], what: str) -> float:
    """Seconds until it is so."""
    began = time.monotonic()
    while not reached():
        if time.monotonic() - began > DEADLINE_S:
            raise SystemExit(f"not within {DEADLINE_S} s: {what}")
        time.sleep(0.5)
    return round(time.monotonic() - began, 1)


class Watched:
    """The service over HTTP."""

    def __init__(self, port: int) -> None:
        self._http = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60, trust_env=False)

    def replicas(self) -> dict[str, Any]:
        try:
            counts: dict[str, Any] = self._http.get("/v1/info").json()["replicas"]
        except (httpx.HTTPError, KeyError, ValueError):
            return {"running": 0, "starting": 0, "note": ""}
        return counts

    def running(self, count: int) -> Callable[[], bool]:
        return lambda: self.replicas()["running"] == count

    def draws(self) -> int:
        return self._http.get("/imagine", params={"prompt": "a red circle", "steps": 2}).status_code


def cores_by_process(log: Path) -> dict[int, str]:
    records = [json.loads(line) for line in log.read_text().splitlines()]
    return {record["pid"]: record["visible_cores"] for record in records}


def replica_processes() -> list[psutil.Process]:
    """Of this cluster alone: other services may run on the machine."""
    return [p for p in psutil.Process().children(recursive=True) if REPLICA in " ".join(p.cmdline())]


def main(artifact: str) -> None:
    log, port, found = Path(os.environ["NEURON_SIM_LOG"]), free_port(), {}
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 4, "object_store_memory": 100 << 20})
    nodes = [cluster.add_node(**NODE) for _ in range(2)]
    try:
        ray.init(address=cluster.address, logging_level="error")
        serve.start(http_options={"host": "127.0.0.1", "port": port})
        settings = load_settings(model=artifact, replicas=5, replica_cpus=0.5)
        serve.run_many(
            [serve.RunTarget(build(settings), name="imagine", route_prefix="/")], wait_for_applications_running=False
        )
        service = Watched(port)
        found["four_running_after_s"] = until(service.running(4), "four replicas run")
        until(lambda: "neuron_cores" in service.replicas()["note"], "Serve says what the fifth waits for")
        found["five_wanted"] = service.replicas()
        found["cores"] = sorted(cores_by_process(log).values())
        found["picture"] = service.draws()

        os.kill(replica_processes()[0].pid, signal.SIGKILL)
        until(lambda: not service.running(4)(), "the loss of a replica is seen")
        found["replica_back_after_s"] = until(service.running(4), "a new replica took its cores")

        cluster.remove_node(nodes[1], allow_graceful=False)
        found["node_loss_seen_after_s"] = until(service.running(2), "two replicas are left")
        found["picture_with_one_node"] = service.draws()
        cluster.add_node(**NODE)
        found["node_back_after_s"] = until(service.running(4), "two more on the new node")
        print(json.dumps(found))
    finally:
        serve.shutdown()
        ray.shutdown()
        cluster.shutdown()


if __name__ == "__main__":
    main(sys.argv[1])
