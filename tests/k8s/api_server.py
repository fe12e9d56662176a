"""A small Kubernetes API server: the verbs that `k8s.client` uses, over HTTP on loopback, and a record of them.

Server-side apply with owners of fields and conflicts, GET, LIST by label, WATCH, POST, DELETE, logs, port-forward.
Nothing runs in it; `on_read` lets a test play the controllers.
"""

import json
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import anyio
import uvicorn
import yaml
from field_owners import Conflicts, Owners
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

Object = dict[str, Any]
KINDS = {
    "v1": "Namespace:c ServiceAccount Service Secret ConfigMap Pod Node:c Event PersistentVolume:c"
    " PersistentVolumeClaim",
    "apps/v1": "StatefulSet",
    "policy/v1": "PodDisruptionBudget",
    "networking.k8s.io/v1": "NetworkPolicy Ingress",
    "scheduling.k8s.io/v1": "PriorityClass:c",
    "ray.io/v1": "RayService RayCluster",
    "karpenter.sh/v1": "NodeClaim:c",
}
PLURALS = {"PriorityClass": "priorityclasses", "NetworkPolicy": "networkpolicies", "Ingress": "ingresses"}


def plural(kind: str) -> str:
    return PLURALS.get(kind, kind.lower() + "s")


def status(code: int, reason: str, message: str, **details: Any) -> JSONResponse:
    body = {"kind": "Status", "status": "Failure", "code": code, "reason": reason, "message": message}
    return JSONResponse({**body, "details": details}, code)


class ApiServer:
    """State, faults to plant, and the record."""

    def __init__(self) -> None:
        self.objects: dict[tuple[str, str], Object] = {}  # (plural, name); one namespace is enough
        self.owners: dict[tuple[str, str], Owners] = {}
        self.kinds = dict(KINDS)
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        self.denied: dict[tuple[str, str], tuple[int, str]] = {}  # (verb, plural) -> (code, message)
        self.logs: dict[str, str] = {}
        self.answers: dict[tuple[int, str], tuple[int, str, bytes]] = {}  # (port, path) -> status, type, body
        self.on_read: Callable[[ApiServer, str], None] = lambda server, plural: None
        self.version = 100
        self.watch_s = 0.05  # a watch may end sooner than its client asked

    def put(self, kind: str, name: str, **fields: Any) -> Object:
        """Create or change an object as a controller would."""
        made = {**self.objects.get((plural(kind), name), {}), "kind": kind, **fields}
        api = next(api for api, names in KINDS.items() if kind in names.replace(":c", "").split())
        made["metadata"] = {"name": name, **made.get("metadata", {})}
        return self._store((plural(kind), name), {"apiVersion": api, **made})

    def find(self, kind: str, name: str) -> Object:
        return self.objects[plural(kind), name]

    def names(self, kind: str) -> set[str]:
        return {name for group, name in self.objects if group == plural(kind)}

    def verbs(self, group: str) -> list[str]:
        return [verb for verb, path, _ in self.requests if f"/{group}" in path]

    def _store(self, key: tuple[str, str], made: Object) -> Object:
        old, self.version = self.objects.get(key, {}), self.version + 1
        metadata = {"generation": 0, "creationTimestamp": "2026-11-23T10:00:00Z", **old.get("metadata", {})}
        metadata.update(made["metadata"], resourceVersion=str(self.version))
        metadata["generation"] += old.get("spec") != made.get("spec") or not old
        self.objects[key] = {**made, "metadata": metadata}
        return self.objects[key]

    def apply(self, key: tuple[str, str], body: Object, manager: str, force: bool) -> tuple[Object, bool]:
        owners = self.owners.setdefault(key, Owners())
        merged = owners.apply(self.objects.get(key, {}), body, manager, force)
        return self._store(key, merged), key in self.objects

    # HTTP

    def app(self) -> Starlette:
        objects = "{group:str}/{name:str}"
        routes = [Route("/version", lambda _: JSONResponse({"gitVersion": "v1.33.0"})), Route("/apis", self._groups)]
        for root in ("/api/{v}", "/apis/{g}/{v}"):
            routes.append(Route(root, self._resources))
            for scope in ("", "/namespaces/{ns}"):
                routes.append(Route(f"{root}{scope}/pods/{{name}}/log", self._log))
                routes.append(Route(f"{root}{scope}/{objects}", self._one, methods=["GET", "PATCH", "DELETE"]))
                routes.append(Route(f"{root}{scope}/{{group:str}}", self._all, methods=["GET", "POST"]))
        forward = WebSocketRoute("/api/v1/namespaces/{ns}/pods/{name}/portforward", self._forward)
        return Starlette(routes=[forward, *routes])

    def _groups(self, _: Request) -> Response:
        versions = [api for api in self.kinds if "/" in api]
        one = [{"groupVersion": api, "version": api.split("/")[1]} for api in versions]
        named = [{"name": v["groupVersion"].split("/")[0], "versions": [v], "preferredVersion": v} for v in one]
        return JSONResponse({"kind": "APIGroupList", "groups": named})

    def _resources(self, request: Request) -> Response:
        api = "/".join(filter(None, [request.path_params.get("g"), request.path_params["v"]]))
        if api not in self.kinds:
            return status(404, "NotFound", "the server could not find the requested resource")
        words = [word.partition(":") for word in self.kinds[api].split()]
        verbs = ["get", "list", "watch", "create", "patch", "delete"]
        found = [{"name": plural(k), "kind": k, "namespaced": not c, "verbs": verbs} for k, _, c in words]
        return JSONResponse({"kind": "APIResourceList", "groupVersion": api, "resources": found})

    def _record(self, request: Request, verb: str, group: str) -> Response | None:
        self.requests.append((verb, request.url.path, dict(request.query_params)))
        code, message = self.denied.get((verb, group), (0, ""))
        return status(code, "Forbidden", message) if code else None

    async def _one(self, request: Request) -> Response:
        group, name = key = (request.path_params["group"], request.path_params["name"])
        verb = request.method.lower()
        if denied := self._record(request, verb, group):
            return denied
        if verb == "patch":
            return await self._patch(request, key)
        if verb == "get":
            self.on_read(self, group)
        if key not in self.objects:
            return status(404, "NotFound", f'{group} "{name}" not found')
        if verb == "delete":
            self.owners.pop(key, None)
            return JSONResponse(self.objects.pop(key))
        return JSONResponse(self.objects[key])

    async def _patch(self, request: Request, key: tuple[str, str]) -> Response:
        assert request.headers["content-type"] == "application/apply-patch+yaml"
        query, body = request.query_params, yaml.safe_load(await request.body())
        try:
            made, existed = self.apply(key, body, query["fieldManager"], query.get("force") == "true")
        except Conflicts as conflicts:
            causes = [{"reason": "FieldManagerConflict", "message": m, "field": f} for f, m in conflicts.fields]
            return status(409, "Conflict", f"Apply failed with {len(causes)} conflicts", causes=causes)
        return JSONResponse(made, 200 if existed else 201)

    async def _all(self, request: Request) -> Response:
        group, watch = request.path_params["group"], "watch" in request.query_params
        verb = {"POST": "create", "GET": "watch" if watch else "list"}[request.method]
        if denied := self._record(request, verb, group):
            return denied
        if verb == "create":
            body = await request.json()
            return JSONResponse(self._store((group, body["metadata"]["name"]), body), 201)
        if watch:
            return StreamingResponse(self._changes(group, request.query_params), media_type="application/json")
        self.on_read(self, group)
        wanted = [pair.partition("=") for pair in request.query_params.get("labelSelector", "").split(",") if pair]
        found = [self.objects[key] for key in sorted(self.objects) if key[0] == group]
        for name, equals, value in wanted:  # name=value, or name alone for any value
            labels = [item["metadata"].get("labels", {}) for item in found]
            kept = [has.get(name) == value if equals else name in has for has in labels]
            found = [item for item, keep in zip(found, kept, strict=True) if keep]
        return JSONResponse({"kind": "List", "metadata": {"resourceVersion": str(self.version)}, "items": found})

    async def _changes(self, group: str, query: Any) -> AsyncIterator[str]:
        """Each object of the group that is newer than what the client has, until its time is over."""
        seen, left = int(query.get("resourceVersion", 0)), min(self.watch_s, float(query["timeoutSeconds"]))
        while left > 0:
            for key, found in sorted(self.objects.items()):
                if key[0] == group and int(found["metadata"]["resourceVersion"]) > seen:
                    seen = int(found["metadata"]["resourceVersion"])
                    yield json.dumps({"type": "MODIFIED", "object": found}) + "\n"
            await anyio.sleep(0.02)
            left -= 0.02

    def _log(self, request: Request) -> Response:
        name = request.path_params["name"]
        denied = self._record(request, "log", "pods")
        return denied or PlainTextResponse(self.logs.get(name, ""))

    async def _forward(self, socket: WebSocket) -> None:
        """Both channels of one port: data and errors, each opened by the port's number; one request, one answer."""
        port = int(socket.query_params["ports"])
        self.requests.append(("forward", socket.url.path, dict(socket.query_params)))
        await socket.accept(subprotocol="v4.channel.k8s.io")
        for channel in (b"\0", b"\1"):
            await socket.send_bytes(channel + port.to_bytes(2, "little"))
        line = (await socket.receive_bytes())[1:].split(b"\r\n")[0].decode().split()
        path = line[1].partition("?")[0]
        if (port, path) not in self.answers:
            await socket.send_bytes(b"\1connection refused")
        else:
            code, kind, body = self.answers[port, path]
            head = f"HTTP/1.1 {code} X\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
            await socket.send_bytes(b"\0" + head.encode() + body)
        await anyio.sleep(0.05)
        await socket.close()


@contextmanager
def serving(server: ApiServer) -> Iterator[int]:
    """Its port, while it runs in a thread."""
    config = uvicorn.Config(server.app(), host="127.0.0.1", port=0, log_level="error", lifespan="off")
    http = uvicorn.Server(config)
    thread = threading.Thread(target=http.run, daemon=True)
    thread.start()
    while not http.started:
        thread.join(0.01)
    try:
        yield http.servers[0].sockets[0].getsockname()[1]
    finally:
        http.force_exit = http.should_exit = True
        thread.join(5)


def kubeconfig(folder: Path, port: int) -> Path:
    """A file that leads to it."""
    cluster = {"name": "test", "cluster": {"server": f"http://127.0.0.1:{port}"}}
    context = {"name": "test", "context": {"cluster": "test", "user": "test"}}
    config = {"apiVersion": "v1", "kind": "Config", "clusters": [cluster], "contexts": [context]}
    file = folder / "kubeconfig"
    file.write_text(yaml.safe_dump({**config, "users": [{"name": "test", "user": {}}], "current-context": "test"}))
    return file
