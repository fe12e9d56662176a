"""From a kubeconfig, a context or a service account to a client whose every call ends in bounded time."""

from dataclasses import dataclass
from typing import Any

import urllib3
import websocket
from kubernetes import config
from kubernetes.client import ApiClient, Configuration
from kubernetes.client.rest import RESTResponse
from kubernetes.config.config_exception import ConfigException

from k8s.errors import NoCluster

REQUEST_S = 30.0
"""No single call takes longer; a watch asks the server to end earlier."""


@dataclass(frozen=True)
class Access:
    """Which cluster, as whom."""

    kubeconfig: str | None = None
    context: str | None = None
    in_cluster: bool = False


class BoundedClient(ApiClient):
    """The client library waits for ever unless each call says how long."""

    def call_api(self, *args: Any, **kwargs: Any) -> RESTResponse:
        kwargs["_request_timeout"] = kwargs.get("_request_timeout") or REQUEST_S
        return super().call_api(*args, **kwargs)


def connect(access: Access) -> ApiClient:
    """A client that has not spoken yet. Without a kubeconfig the pod's service account is tried."""
    settings = Configuration()
    settings.retries = urllib3.Retry(connect=1, read=0, redirect=0, other=0)
    websocket.setdefaulttimeout(REQUEST_S)
    try:
        if access.in_cluster:
            config.load_incluster_config(client_configuration=settings)  # type: ignore[no-untyped-call]
        else:
            _kubeconfig(access, settings)
    except (ConfigException, OSError, ValueError, TypeError) as error:
        advice = "give --kubeconfig and --context, or run `aws eks update-kubeconfig --name CLUSTER`"
        raise NoCluster(f"no way to a cluster: {error}", advice) from None
    return BoundedClient(settings)


def _kubeconfig(access: Access, settings: Configuration) -> None:
    try:
        config.load_kube_config(access.kubeconfig, access.context, client_configuration=settings)  # type: ignore[no-untyped-call]
    except ConfigException:
        if access.kubeconfig or access.context:
            raise
        config.load_incluster_config(client_configuration=settings)  # type: ignore[no-untyped-call]
