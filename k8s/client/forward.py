"""HTTP to a port of a pod, as `kubectl port-forward` does it: by way of the kubelet, which no NetworkPolicy stops.

The API server's own service proxy would come from outside the namespace, and `default-deny` shuts that out.
"""

import http.client
import json
from dataclasses import dataclass
from typing import Any

from kubernetes.client import ApiClient, CoreV1Api
from kubernetes.client.exceptions import ApiException
from kubernetes.stream import portforward

from k8s.client.failures import translated
from k8s.errors import K8sError


@dataclass(frozen=True)
class Answer:
    status: int
    content_type: str
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


def fetch(api: ApiClient, namespace: str, pod: str, port: int, path: str, seconds: float) -> Answer:  # noqa: PLR0913
    """GET a path from a pod. Raises K8sError if nobody answers there in time."""
    forward = _open(api, namespace, pod, port)
    try:
        return _get(forward.socket(port), path, seconds)
    except (OSError, http.client.HTTPException) as error:
        told = forward.error(port) or error or type(error).__name__
        raise K8sError(f"port {port} of pod {pod} does not answer: {told}") from None
    finally:
        forward.close()


def _open(api: ApiClient, namespace: str, pod: str, port: int) -> Any:
    with translated(f"forwarding port {port} of pod {pod}"):
        try:
            return portforward(
                CoreV1Api(api).connect_get_namespaced_pod_portforward,
                pod,
                namespace,
                ports=str(port),
            )
        except ApiException as error:
            if isinstance(error.__context__, KeyboardInterrupt):  # the library takes Ctrl-C for a failure
                raise KeyboardInterrupt from None
            error.reason = str(error.reason).splitlines()[0]  # the library pastes all headers after it
            raise


def _get(sock: Any, path: str, seconds: float) -> Answer:
    sock.settimeout(seconds)
    connection = http.client.HTTPConnection("localhost")
    connection.sock = sock
    connection.request("GET", path, headers={"Connection": "close"})
    response = connection.getresponse()
    return Answer(response.status, response.headers.get_content_type(), response.read())
