"""The API server: a few verbs on kinds, in one namespace. Objects are plain dicts."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from kubernetes.client import ApiClient
from kubernetes.dynamic import DynamicClient, Resource, ResourceInstance
from kubernetes.dynamic.exceptions import NotFoundError, ResourceNotFoundError

from k8s.client.connect import REQUEST_S
from k8s.client.failures import translated, unknown_kind
from k8s.manifests import Manifest, title

KINDS = {
    "RayService": "ray.io/v1",
    "RayCluster": "ray.io/v1",
    "NodeClaim": "karpenter.sh/v1",
    "ConfigMap": "v1",
    "Event": "v1",
    "Namespace": "v1",
    "Node": "v1",
    "Pod": "v1",
    "Secret": "v1",
}
"""What is read by kind alone; what is applied brings its own apiVersion."""


class Cluster:
    """One namespace of one cluster."""

    def __init__(self, api: ApiClient, namespace: str) -> None:
        self.api = api
        self.namespace = namespace
        with translated("asking the cluster what it knows"), tempfile.TemporaryDirectory() as folder:
            # the library's cache would else be a file in /tmp that outlives new CRDs
            self._dynamic = DynamicClient(api, cache_file=str(Path(folder) / "discovery"))  # type: ignore[no-untyped-call]

    def apply(self, manifest: Manifest, manager: str, force: bool = False) -> Manifest:
        """Server-side apply; returns what the server made of it."""
        with translated(f"applying {title(manifest)}"):
            done = self._resource(manifest["apiVersion"], manifest["kind"]).server_side_apply(
                body=manifest,
                namespace=self._namespace_of(manifest),
                field_manager=manager,
                force_conflicts="true" if force else "false",
            )
        return _plain(done)

    def create(self, manifest: Manifest) -> Manifest:
        with translated(f"creating {title(manifest)}"):
            resource = self._resource(manifest["apiVersion"], manifest["kind"])
            return _plain(resource.create(body=manifest, namespace=self._namespace_of(manifest)))

    def find(self, kind: str, name: str, api_version: str = "") -> Manifest | None:
        """The object, or None where there is none."""
        with translated(f"reading {kind} {name}"):
            resource = self._resource(api_version or KINDS[kind], kind)
            try:
                return _plain(resource.get(name=name, namespace=self.namespace))
            except NotFoundError:
                return None

    def list(self, kind: str, selector: str = "") -> list[Manifest]:
        with translated(f"listing {kind}s"):
            resource = self._resource(KINDS[kind], kind)
            found = resource.get(namespace=self.namespace, label_selector=selector or None)
        items: list[Manifest] = _plain(found)["items"]
        return items

    def delete(self, kind: str, name: str, api_version: str = "") -> bool:
        """False if it was not there. What it owns goes after it."""
        with translated(f"deleting {kind} {name}"):
            resource = self._resource(api_version or KINDS[kind], kind)
            try:
                resource.delete(name=name, namespace=self.namespace, propagation_policy="Background")
            except NotFoundError:
                return False
        return True

    def wait_for_change(self, seen: Manifest, seconds: float) -> None:
        """Return when the object differs from what was seen, or after that time."""
        with translated(f"watching {title(seen)}"):
            events = self._resource(seen["apiVersion"], seen["kind"]).watch(
                namespace=self.namespace,
                name=seen["metadata"]["name"],
                resource_version=seen["metadata"]["resourceVersion"],
                timeout=max(1, round(seconds)),
            )
            for event in events:
                if event["raw_object"]["metadata"].get("resourceVersion") != seen["metadata"]["resourceVersion"]:
                    return

    def log(self, pod: str, container: str, tail: int, follow: bool = False) -> Iterator[str]:
        """Lines of a container's log."""
        path = f"/api/v1/namespaces/{self.namespace}/pods/{pod}/log"
        query = {"container": container, "tailLines": tail, "follow": "true" if follow else "false"}
        with translated(f"reading the log of {pod}"):
            timeout = (REQUEST_S, None) if follow else None
            answer = self._dynamic.request(
                "get", path, query_params=list(query.items()), serialize=False, _request_timeout=timeout
            )
            rest = b""
            for chunk in answer.stream(65536):
                *lines, rest = (rest + chunk).split(b"\n")
                yield from (line.decode(errors="replace") for line in lines)
            if rest:
                yield rest.decode(errors="replace")

    def _resource(self, api_version: str, kind: str) -> Resource:
        try:
            found: Resource = self._dynamic.resources.get(api_version=api_version, kind=kind)
        except ResourceNotFoundError:
            raise unknown_kind(api_version, kind) from None
        return found

    def _namespace_of(self, manifest: Manifest) -> str:
        return str(manifest["metadata"].get("namespace", self.namespace))


def _plain(answer: ResourceInstance) -> Manifest:
    plain: Manifest = answer.to_dict()  # type: ignore[no-untyped-call]
    return plain
