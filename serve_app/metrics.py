"""Prometheus metrics through Ray."""

from ray.util.metrics import Counter, Gauge, Histogram

from serve_app.core import ReplicaCounts

SECONDS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100]


class RequestMetrics:
    """Requests by route and code, and their time; kept by the ingress."""

    def __init__(self) -> None:
        self._requests = Counter("imagine_requests_total", "HTTP requests", tag_keys=("route", "code"))
        self._seconds = Histogram("imagine_request_seconds", "Time of an HTTP request", SECONDS, tag_keys=("route",))

    def observe(self, route: str, status: int, seconds: float) -> None:
        self._requests.inc(1, {"route": route, "code": str(status)})
        self._seconds.observe(seconds, {"route": route})


class ReplicaMetrics:
    """Model replicas by state; kept by the ingress, as often as somebody asks whether it is ready."""

    def __init__(self) -> None:
        self._replicas = Gauge("imagine_replicas", "Model replicas, running or starting", ("state",))

    def observe(self, counts: ReplicaCounts) -> None:
        self._replicas.set(counts.running, {"state": "running"})
        self._replicas.set(counts.starting, {"state": "starting"})


class EngineMetrics:
    """Queue, rows, steps and images of one replica; an engine `Observer`."""

    def __init__(self, model: str) -> None:
        tags = {"model": model}
        self._waiting = Gauge("imagine_queue_length", "Images waiting for rows", ("model",))
        self._rows = Gauge("imagine_active_rows", "UNet rows running", ("model",))
        self._step = Histogram("imagine_step_seconds", "Time of a denoising step", SECONDS, ("model",))
        self._batch_rows = Counter("imagine_row_steps_total", "UNet rows times steps computed", ("model",))
        self._images = Counter("imagine_images_total", "Images by outcome", ("model", "outcome"))
        for metric in (self._waiting, self._rows, self._step, self._batch_rows, self._images):
            metric.set_default_tags(tags)
        self.load(0, 0)

    def batch(self, rows: int, seconds: float) -> None:
        self._step.observe(seconds)
        self._batch_rows.inc(rows)

    def retired(self, outcome: str) -> None:
        self._images.inc(1, {"outcome": outcome})

    def load(self, rows: int, waiting: int) -> None:
        self._rows.set(rows)
        self._waiting.set(waiting)
