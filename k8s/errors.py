"""What stops `python -m k8s`, each with its exit code. The message is one line; `advice` says what to do about it.

K8sError 1           something went wrong in the cluster, or `check` found something
├── Usage 2          an argument, a setting or an overlay is wrong
├── NoCluster 3      no kubeconfig, or nobody answers
├── Forbidden 4      not logged in, or not allowed
├── Missing 5        the cluster lacks a kind, or the object is not there
├── Conflict 6       another field manager owns a field
├── TimedOut 7       it did not get ready in time
└── CannotStart 8    it will not get ready: quota, image, secret, failed application

130 is Ctrl-C.
"""


class K8sError(Exception):
    """Base of all errors that are told in one line."""

    exit_code = 1

    def __init__(self, message: str, advice: str = "") -> None:
        super().__init__(message)
        self.advice = advice


class Usage(K8sError):
    exit_code = 2


class NoCluster(K8sError):
    exit_code = 3


class Forbidden(K8sError):
    exit_code = 4


class Missing(K8sError):
    exit_code = 5


class Conflict(K8sError):
    exit_code = 6


class TimedOut(K8sError):
    exit_code = 7


class CannotStart(K8sError):
    exit_code = 8
