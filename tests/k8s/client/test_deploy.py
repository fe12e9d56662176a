"""`deploy` against an API server: what it applies, what it waits for, what stops it."""

import json
from collections.abc import Callable

import pytest
from api_server import ApiServer
from kuberay import PNG, healthy, play, pod, service, starting

from k8s.__main__ import main

Run = Callable[..., int]
FAST = ("--poll", "0.01", "--timeout", "3")


@pytest.fixture
def run(access: str) -> Run:
    """`run("deploy", …)` with a kubeconfig, and in a hurry."""
    return lambda command, *more: main([command, "--kubeconfig", access, *more, *(FAST if command == "deploy" else ())])


def test_it_applies_all_waits_and_fetches_a_picture(
    server: ApiServer, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    play(server, starting, starting, healthy)
    assert run("deploy") == 0
    out, progress = capsys.readouterr()
    assert out == f"revision 1 serves: the first picture is {len(PNG)} bytes of image/png\n"
    assert {"ray", "redis", "default-deny"} <= server.names("NetworkPolicy")
    told = [line for line in progress.splitlines() if not line.startswith("applied")]
    assert "pods ready: head 1/1, ingress 0/1" in told
    assert "Ray cluster imagine-abc (pending): 0 of 3 workers ready" in told
    assert told[-1] == "application imagine: RUNNING"
    assert len(told) == len(set(told))  # only what changes


def test_every_apply_is_server_side_by_one_manager(server: ApiServer, run: Run) -> None:
    assert run("deploy", "--no-wait") == 0
    applied = [query for verb, _, query in server.requests if verb == "patch"]
    assert {(q["fieldManager"], q["force"]) for q in applied} == {("imagine-k8s", "false")}
    assert server.verbs("namespaces/imagine")[0] == "patch"  # the namespace, before what is in it


def test_the_picture_comes_by_port_forward(server: ApiServer, run: Run) -> None:
    play(server, healthy)
    assert run("deploy") == 0
    (forward,) = [(path, query) for verb, path, query in server.requests if verb == "forward"]
    assert forward == ("/api/v1/namespaces/imagine/pods/ingress-1/portforward", {"ports": "8000"})


def test_the_picture_is_asked_of_the_cluster_in_force(server: ApiServer, run: Run) -> None:
    """During a blue-green switch the pods of the old cluster still answer."""

    def switched(server: ApiServer) -> None:
        pod(server, "a-worker-of-old", "ingress", cluster="imagine-old")
        healthy(server)

    play(server, switched)
    assert run("deploy") == 0
    (path,) = [path for verb, path, _ in server.requests if verb == "forward"]
    assert "/pods/ingress-1/" in path


def test_a_password_is_made_once_and_never_changed(server: ApiServer, run: Run) -> None:
    assert run("deploy", "--no-wait") == 0
    password = server.find("Secret", "redis")["stringData"]["password"]
    assert len(password) == 48 and run("deploy", "--no-wait") == 0
    assert server.find("Secret", "redis")["stringData"]["password"] == password


def test_json_is_all_that_is_on_stdout(server: ApiServer, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    play(server, healthy)
    assert run("deploy", "--output", "json") == 0
    assert json.loads(capsys.readouterr().out)["image"] == "imagine-server:0.1.0"


def test_another_managers_field_is_a_conflict_until_it_is_taken(
    server: ApiServer, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "redis"}}
    server.apply(
        ("services", "redis"), {**service, "spec": {"selector": {"app.kubernetes.io/name": "x"}}}, "helm", False
    )
    assert run("deploy", "--no-wait") == 6
    told = capsys.readouterr().err.splitlines()[-1]
    assert told.startswith("error: applying Service redis: others own fields of it: .spec.selector.app.kubernetes.io")
    assert 'conflict with "helm"' in told and told.endswith("take them with --force-conflicts")
    assert run("deploy", "--no-wait", "--force-conflicts") == 0
    assert server.find("Service", "redis")["spec"]["selector"] == {"app.kubernetes.io/name": "redis"}


def test_a_cluster_without_kuberay_says_what_to_install(
    server: ApiServer, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    del server.kinds["ray.io/v1"]
    assert run("deploy", "--no-wait") == 5
    told = capsys.readouterr().err.splitlines()[-1]
    assert told == (
        "error: the cluster knows no kind RayService of ray.io/v1 -> "
        "install the KubeRay operator 1.7 or later with its CRDs"
    )


@pytest.mark.parametrize(
    ("code", "message", "exit_code", "advice"),
    [
        (403, 'User "a" cannot patch resource "services"', 4, "`kubectl auth can-i --list` tells what it has"),
        (401, "Unauthorized", 4, "renew the credentials"),
        (403, "exceeded quota: compute, requested: pods=1", 8, "raise the namespace's ResourceQuota"),
        (422, "spec.ports: Required value", 1, "finds such things offline"),
        (500, "etcd has no leader", 3, "try again in a minute"),
    ],
)
def test_a_refusal_is_one_line_with_advice(  # noqa: PLR0913
    server: ApiServer,
    run: Run,
    capsys: pytest.CaptureFixture[str],
    code: int,
    message: str,
    exit_code: int,
    advice: str,
) -> None:
    server.denied["patch", "services"] = (code, message)
    assert run("deploy", "--no-wait") == exit_code
    told = capsys.readouterr().err.splitlines()[-1]
    assert told.startswith("error: applying Service redis: ") and message in told and advice in told


def waits(reason: str, message: str = "why") -> Callable[[ApiServer], None]:
    """A pod whose container does not start."""
    state = [{"name": "ray-worker", "state": {"waiting": {"reason": reason, "message": message}}}]

    def step(server: ApiServer) -> None:
        service(server, "DEPLOYING", ready=False)
        pod(server, "models-1", "models", ready=False, status={"containerStatuses": state})

    return step


@pytest.mark.parametrize(
    ("step", "exit_code", "told"),
    [
        (waits("ImagePullBackOff"), 8, "error: pod models-1: ImagePullBackOff: why -> push the image and name it"),
        (waits("CreateContainerConfigError"), 8, "-> make the Secret or ConfigMap it names"),
        (waits("CrashLoopBackOff"), 7, "not ready after 1 s: pod models-1: CrashLoopBackOff: why"),
        (lambda s: service(s, "DEPLOY_FAILED"), 8, "application imagine: DEPLOY_FAILED: a long tale -> "),
        (starting, 7, "pods ready: head 1/1, ingress 0/1; Ray cluster imagine-abc (pending)"),
    ],
)
def test_waiting_ends(  # noqa: PLR0913
    server: ApiServer,
    access: str,
    capsys: pytest.CaptureFixture[str],
    step: Callable[[ApiServer], None],
    exit_code: int,
    told: str,
) -> None:
    play(server, step)
    assert main(["deploy", "--kubeconfig", access, "--poll", "0.01", "--timeout", "1"]) == exit_code
    assert told in capsys.readouterr().err.splitlines()[-1]


def test_what_gets_well_soon_was_not_hopeless(server: ApiServer, run: Run) -> None:
    """A fixed deployment begins with the pods of the broken one."""

    def well(server: ApiServer) -> None:
        pod(server, "models-1", "models", status={"containerStatuses": []})
        healthy(server)

    play(server, waits("ImagePullBackOff"), well)
    assert run("deploy") == 0


def test_a_quota_that_keeps_pods_away_is_told(server: ApiServer, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    def step(server: ApiServer) -> None:
        service(server, "DEPLOYING", ready=False)
        about = {"kind": "RayCluster", "name": "imagine-abc"}
        message = "pods is forbidden: exceeded quota: gpu"
        times = {"lastTimestamp": "2999-01-01T00:00:00Z", "type": "Warning", "reason": "FailedToCreateWorkerPod"}
        server.put("Event", "e1", involvedObject=about, message=message, **times)

    play(server, step)
    assert run("deploy") == 8
    assert "RayCluster imagine-abc: FailedToCreateWorkerPod: pods is forbidden" in capsys.readouterr().err


def test_an_old_warning_is_no_reason(server: ApiServer, run: Run) -> None:
    about = {"kind": "RayCluster", "name": "imagine-old"}
    times = {"lastTimestamp": "2026-01-01T00:00:00Z", "type": "Warning", "reason": "FailedToCreateWorkerPod"}
    server.put("Event", "e1", involvedObject=about, message="exceeded quota", **times)
    play(server, starting, healthy)
    assert run("deploy") == 0


def test_an_api_server_that_is_away_for_a_moment_is_borne(
    server: ApiServer, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    def away(server: ApiServer) -> None:
        starting(server)
        server.denied["list", "pods"] = (503, "rolling")

    def back(server: ApiServer) -> None:
        server.denied.clear()
        healthy(server)

    play(server, away, back)
    assert run("deploy") == 0
    assert "listing Pods: the API server answers 503: rolling; asking again" in capsys.readouterr().err


def test_a_change_is_noticed_by_watching(server: ApiServer, run: Run) -> None:
    play(server, starting, healthy)
    assert run("deploy") == 0
    (watch, *_) = [query for verb, path, query in server.requests if verb == "watch"]
    assert watch["fieldSelector"] == "metadata.name=imagine" and int(watch["timeoutSeconds"]) >= 1


def test_no_picture_in_time_says_what_came_instead(
    server: ApiServer, access: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def refusing(server: ApiServer) -> None:
        healthy(server)
        server.answers[8000, "/imagine"] = (503, "application/json", b'{"error": {"code": "not_ready"}}')

    play(server, refusing)
    assert main(["deploy", "--kubeconfig", access, "--poll", "0.01", "--timeout", "1"]) == 7
    assert 'no picture comes: 503 {"error": {"code": "not_ready"}}' in capsys.readouterr().err
