"""A local Ray with sleeping replicas. Each line on stdin is their number from now on; answers `ready NUMBER`."""

import argparse
import os
import signal
import sys
from typing import Any

import ray
from ray import serve

from bench.sleeping.replicas import EngineReplica, LightReplica
from serve_app.app import _ingress_options, _replica_options
from serve_app.core import ModelInfo
from serve_app.deployments import Ingress
from serve_app.settings import Settings, load_settings

KINDS = {"engine": EngineReplica, "light": LightReplica}
INFO = ModelInfo("sleeping", "0", ((128, 128),), "euler", 30, 4.0)


def application(settings: Settings, kind: str, step_ms: float) -> Any:
    """As `serve_app.app.build`, with another replica. Sixty-four processes on few CPUs answer health checks late."""
    patience = {"health_check_period_s": 10, "health_check_timeout_s": 60}
    model = serve.deployment(KINDS[kind], name="ModelReplica").options(**_replica_options(settings, 0) | patience)
    ingress = serve.deployment(Ingress, name="Ingress").options(**_ingress_options(settings) | patience)
    return ingress.bind(settings, [INFO], model.bind(settings, INFO, step_ms))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--kind", choices=KINDS, required=True)
    parser.add_argument("--step-ms", type=float, required=True)
    parser.add_argument("--port", type=int, required=True)
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    options = {"include_dashboard": False, "logging_level": "warning", "_node_ip_address": "127.0.0.1"}
    ray.init(num_cpus=2 * (os.cpu_count() or 1), object_store_memory=500 << 20, **options)
    try:
        serve.start(http_options={"host": "127.0.0.1", "port": given.port})
        for line in sys.stdin:
            settings = load_settings(replicas=int(line), replica_cpus=0, ingress_cpus=0, max_rows=2)
            serve.run(application(settings, given.kind, given.step_ms), name="imagine", route_prefix="/")
            print(f"ready {int(line)}", flush=True)  # noqa: T201  (what the bench waits for)
    except KeyboardInterrupt:
        pass
    finally:
        serve.shutdown()
        ray.shutdown()


if __name__ == "__main__":
    main()
