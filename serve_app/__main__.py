"""`python -m serve_app`: a local Ray, the application, and a clean end."""

import math
import os
import signal
import socket
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from serve_app.errors import SettingsError, StartFailed
from serve_app.settings import Settings, load_settings

APP = "imagine"
OBJECT_STORE_BYTES = 100 << 20


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until a signal. Returns 0 after a clean stop, 1 if it did not start, 2 for a wrong setting."""
    try:
        settings = load_settings(sys.argv[1:] if argv is None else argv)
        _check_ports(settings)
        serve_until_stopped(settings)
    except SettingsError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201
        return 2
    except StartFailed as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201
        return 1
    return 0


def _check_ports(settings: Settings) -> None:
    """Ray would take seconds to find out, and say it less plainly."""
    ports = [("port", settings.host, settings.port), ("metrics-port", "127.0.0.1", settings.metrics_port)]
    if settings.dashboard:
        ports.append(("dashboard-port", "127.0.0.1", settings.dashboard_port))
    for flag, host, port in ports:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as error:
                variable = "IMAGINE_" + flag.upper().replace("-", "_")
                raise SettingsError(f"{variable} (--{flag}) = {port}: {error.strerror} on {host}") from error


def serve_until_stopped(settings: Settings) -> None:
    """Start Ray and the application, wait for a signal, let requests in flight finish, stop everything."""
    import ray
    from ray import serve

    from serve_app.app import build
    from serve_app.manifest import is_artifact, verify
    from serve_app.registry import find_model

    folder = find_model(settings.model)
    if is_artifact(folder):
        verify(folder)
    application = build(settings)  # a wrong model is refused before Ray starts
    stop = threading.Event()
    cpus = math.ceil(settings.ingress_cpus + max(settings.replicas, settings.max_replicas) * settings.replica_cpus)
    ray.init(
        num_cpus=max(cpus, os.cpu_count() or 1),
        include_dashboard=settings.dashboard,
        dashboard_host="127.0.0.1",
        dashboard_port=settings.dashboard_port,
        object_store_memory=OBJECT_STORE_BYTES,
        logging_level="warning",
        _node_ip_address="127.0.0.1",  # nothing of a local Ray is for other machines
        _metrics_export_port=settings.metrics_port,
    )
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        serve.start(http_options={"host": settings.host, "port": settings.port})
        try:
            serve.run(application, name=APP, route_prefix="/")
        except RuntimeError as error:
            raise StartFailed(f"the application did not start: {error}") from error
        _say(settings)
        while not stop.wait(1):  # Python runs a signal's handler only when the main thread wakes
            pass
        print("stopping: requests in flight may finish", flush=True)  # noqa: T201
        serve.delete(APP)
    finally:
        serve.shutdown()
        ray.shutdown()


def _say(settings: Settings) -> None:
    url = f"http://{settings.host}:{settings.port}"
    lines = [
        f"picture    {url}/imagine?prompt=an astronaut is dancing on green grass, sunlit",
        f"page       {url}/",
        f"API        {url}/docs",
        f"metrics    http://127.0.0.1:{settings.metrics_port}/metrics",
    ]
    if settings.dashboard:
        token = Path.home() / ".ray" / "auth_token"
        lines.append(f"dashboard  http://127.0.0.1:{settings.dashboard_port}/  (log in with the token in {token})")
    print("ready\n" + "\n".join(f"  {line}" for line in lines), flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
