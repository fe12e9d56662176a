"""An answer of the API server, or none, as one of our errors: one line, and what to do about it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

from kubernetes.client.exceptions import ApiException
from kubernetes.dynamic.exceptions import ResourceNotFoundError
from urllib3.exceptions import HTTPError

from k8s.errors import CannotStart, Conflict, Forbidden, K8sError, Missing, NoCluster

REACH = "look at --kubeconfig and --context; `kubectl cluster-info` asks the same cluster"
QUOTA = "raise the namespace's ResourceQuota, or AWS's quota of running Inf instances"
INSTALL = {
    "ray.io": "install the KubeRay operator 1.7 or later with its CRDs",
    "karpenter": "install Karpenter 1.x with its CRDs",
    "gateway.networking.k8s.io": "install the CRDs of the Gateway API, or leave the component `gateway` out",
}


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """Raise what goes wrong within as one of our errors."""
    try:
        yield
    except ApiException as error:
        raise from_api(error, doing) from None
    except (HTTPError, OSError) as error:
        raise NoCluster(f"{doing}: the API server does not answer ({_innermost(error)})", REACH) from None
    except ResourceNotFoundError as error:
        raise K8sError(f"{doing}: {error}") from None


def unknown_kind(api_version: str, kind: str) -> Missing:
    """The cluster has no such kind: its CRD is not installed."""
    advice = [text for group, text in INSTALL.items() if group in api_version]
    return Missing(f"the cluster knows no kind {kind} of {api_version}", advice[0] if advice else "install its CRD")


def from_api(error: ApiException, doing: str) -> K8sError:
    """The error for an answer that is none of 2xx."""
    message, causes = _status(error)
    text = f"{doing}: {message}"
    if error.status in (401, 403):
        return _not_allowed(int(error.status), text)
    if error.status == 404:
        return Missing(text)
    if error.status == 409 and causes:
        advice = "ask who owns them, or take them with --force-conflicts"
        return Conflict(f"{doing}: others own fields of it: {'; '.join(causes)}", advice)
    if error.status == 409:
        return Conflict(text, "try again")
    if not error.status:
        return NoCluster(text, REACH)
    if error.status == 429 or error.status >= 500:
        return NoCluster(f"{doing}: the API server answers {error.status}: {message}", "try again in a minute")
    return K8sError(
        f"{doing}: refused with {error.status}: {message}", "`python -m k8s check` finds such things offline"
    )


def _not_allowed(status: int, text: str) -> K8sError:
    if "exceeded quota" in text:
        return CannotStart(text, QUOTA)
    if status == 401 or "system:anonymous" in text:
        return Forbidden(text, "renew the credentials: `aws sso login`, `aws eks update-kubeconfig --name CLUSTER`")
    return Forbidden(
        text, "use a context that may, or ask for the right; `kubectl auth can-i --list` tells what it has"
    )


def _status(error: ApiException) -> tuple[str, list[str]]:
    """Message and conflicts of the Status object in the body, or what there is instead of one."""
    try:
        body = json.loads(error.body or "")
        causes = (body.get("details") or {}).get("causes") or []
        conflicts = [
            f"{c.get('field')} ({c.get('message')})" for c in causes if c.get("reason") == "FieldManagerConflict"
        ]
        return " ".join(str(body.get("message") or error.reason).split()), conflicts
    except (ValueError, AttributeError, TypeError):
        return _last_line(error.reason or error.body or "no reason given"), []


def _last_line(error: object) -> str:
    lines = str(error).strip().splitlines()
    return lines[-1] if lines else type(error).__name__


def _innermost(error: BaseException) -> str:
    """urllib3 wraps the one thing that matters in two others."""
    reason = getattr(error, "reason", None)
    if isinstance(reason, BaseException):
        return _innermost(reason)
    return _last_line(error).rpartition("): ")[2].strip("'")
