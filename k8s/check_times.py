"""Who waits how long for whom."""

import re
from collections.abc import Iterator

from k8s.check_serve import settings
from k8s.manifests import Problem, Rendered

HAPROXY_DRAIN_S = 35
"""Ray lets no HTTP replica go sooner in HAProxy mode."""
DRAIN = re.compile(r"^timeout (\d+) .* --deadline-remaining-seconds (\d+); sleep (\d+)$")
READ_TIMEOUT = "nginx.ingress.kubernetes.io/proxy-read-timeout"


def a_worker_lets_requests_end_before_it_goes(rendered: Rendered) -> Iterator[Problem]:
    grace = settings(rendered).grace_s
    for name in ("ingress", "models"):
        spec = rendered.group(name).at("template", "spec")
        command = spec.at("containers", 0, "lifecycle", "preStop", "exec", "command")
        found = DRAIN.match(command.value[-1])
        if not found:
            yield command.problem("does not ask Ray to drain the node and then wait")
            continue
        ask, deadline, wait = map(int, found.groups())
        if deadline != wait or wait <= max(grace, HAPROXY_DRAIN_S):
            yield command.problem(f"waits {wait} s: requests get {grace:g} s, HAProxy {HAPROXY_DRAIN_S} s")
        if spec.at("terminationGracePeriodSeconds").value <= ask + wait:
            yield spec.at("terminationGracePeriodSeconds").problem(f"ends within the {ask + wait} s of preStop")


def proxies_wait_longer_than_a_request_may_take(rendered: Rendered) -> Iterator[Problem]:
    longest = settings(rendered).request_timeout_s
    for ingress in rendered.kind("Ingress"):
        timeout = ingress.get("metadata", "annotations", READ_TIMEOUT, default="0")
        if ingress.name == "imagine" and float(timeout) <= longest:
            yield ingress.at("metadata").problem(f"{READ_TIMEOUT} {timeout}: a request may take {longest:g} s")
    for route in rendered.kind("HTTPRoute"):
        for rule in route.each("spec", "rules"):
            timeout = rule.get("timeouts", "request", default="0s")
            if float(timeout.removesuffix("s")) <= longest:
                yield rule.problem(f"timeouts.request {timeout}: a request may take {longest:g} s")


ALL = [a_worker_lets_requests_end_before_it_goes, proxies_wait_longer_than_a_request_may_take]
