"""What each pod may do, how it is asked whether it lives, and how it ends."""

import re
import tomllib
from collections.abc import Iterator

from k8s.check_names import fields
from k8s.manifests import Part, Problem, Rendered
from k8s.render import IMAGE, K8S

QUANTITY = re.compile(r"\d+(\.\d+)?(m|k|M|G|T|P|Ki|Mi|Gi|Ti|Pi)?")
HAPROXY = "RAY_SERVE_ENABLE_HA_PROXY"
WORKERS = ("ingress", "models")


def quantities_are_quantities(rendered: Rendered) -> Iterator[Problem]:
    """Kubernetes' schemas take any text for one."""
    for part in rendered.objects:
        for name in ("requests", "limits", "capacity"):
            for amounts in _tables(part, name):
                for key, value in amounts.value.items():
                    if not QUANTITY.fullmatch(str(value)):
                        yield amounts.at(key).problem(f"{value!r} is no quantity, such as 500m, 4 or 12Gi")


def _tables(part: Part, name: str) -> Iterator[Part]:
    value = part.value
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        if key == name and isinstance(value[key], dict):
            yield part.at(key)
        else:
            yield from _tables(part.at(key), name)


def pods_obey_the_restricted_profile(rendered: Rendered) -> Iterator[Problem]:
    for pod in rendered.pods():
        context = pod.at("spec", "securityContext")
        if context.get("runAsNonRoot") is not True or context.get("seccompProfile", "type") != "RuntimeDefault":
            yield context.problem("the restricted profile wants runAsNonRoot and seccompProfile RuntimeDefault")
    for container in [*rendered.containers(), rendered.ray.at("autoscalerOptions")]:
        own = container.at("securityContext")
        if own.get("allowPrivilegeEscalation") is not False or own.get("capabilities", "drop") != ["ALL"]:
            yield own.problem("the restricted profile wants no privilege escalation and all capabilities dropped")


def the_namespace_enforces_it(rendered: Rendered) -> Iterator[Problem]:
    for namespace in rendered.kind("Namespace"):
        if namespace.labels.get("pod-security.kubernetes.io/enforce") != "restricted":
            yield namespace.at("metadata").problem("does not enforce the restricted profile")


def no_service_becomes_a_variable(rendered: Rendered) -> Iterator[Problem]:
    """Services called imagine-… would become IMAGINE_… variables, and each of them stops the server's start."""
    for pod in rendered.pods():
        if pod.get("spec", "enableServiceLinks") is not False:
            yield pod.at("spec").problem(
                "enableServiceLinks must be false: the server refuses variables it does not know"
            )


def only_the_head_has_a_token(rendered: Rendered) -> Iterator[Problem]:
    """Its autoscaler edits the RayCluster; nobody else talks to the API server."""
    for pod in rendered.pods():
        is_head = pod.labels.get("app.kubernetes.io/component") == "head"
        if pod.get("spec", "automountServiceAccountToken") is not is_head:
            yield pod.at("spec").problem(f"automountServiceAccountToken must be {str(is_head).lower()} here")


def haproxy_mode_is_on_everywhere_or_nowhere(rendered: Rendered) -> Iterator[Problem]:
    ray = [c for c in rendered.containers() if str(c.get("name")).startswith("ray-")]
    modes = [next((e.get("value") for e in c.each("env") if e.get("name") == HAPROXY), None) for c in ray]
    for container, mode in zip(ray, modes, strict=True):
        if mode != modes[0]:
            yield container.problem(f"{HAPROXY} is {mode} here and {modes[0]} on the head")


def workers_are_asked_for_proxy_and_raylet(rendered: Rendered) -> Iterator[Problem]:
    for name in WORKERS:
        container = rendered.group(name).at("template", "spec", "containers", 0)
        if container.get("readinessProbe", "httpGet") != {"path": "/-/healthz", "port": "serve"}:
            yield container.at("readinessProbe").problem("is not the proxy's /-/healthz on port serve")
        if container.get("livenessProbe", "httpGet", "path") != "/api/healthz":
            yield container.at("livenessProbe").problem("is not the raylet's /api/healthz")
        if "serve" not in [port.get("name") for port in container.each("ports")]:
            yield container.at("ports").problem("has no port serve, which the readiness probe asks")


def memory_is_asked_for_in_full(rendered: Rendered) -> Iterator[Problem]:
    for container in rendered.containers():
        resources = container.at("resources")
        if resources.get("requests", "memory") != resources.get("limits", "memory"):
            yield resources.problem("requests other memory than its limit: the node may run out")


def images_have_the_projects_version(rendered: Rendered) -> Iterator[Problem]:
    """An image by digest says no version, and is believed."""
    for part in rendered.objects:
        for image in fields(part, "image"):
            name, _, tag = image.value.rsplit("/", 1)[-1].partition(":")
            if name == IMAGE and tag != version():
                yield image.problem(f"{image.value}: the manifests are of version {version()}")


def version() -> str:
    """That of pyproject.toml."""
    return str(tomllib.loads((K8S.parent / "pyproject.toml").read_text())["project"]["version"])


ALL = [
    quantities_are_quantities,
    pods_obey_the_restricted_profile,
    the_namespace_enforces_it,
    no_service_becomes_a_variable,
    only_the_head_has_a_token,
    haproxy_mode_is_on_everywhere_or_nowhere,
    workers_are_asked_for_proxy_and_raylet,
    memory_is_asked_for_in_full,
    images_have_the_projects_version,
]
