"""Every error a client can see, with its HTTP status and code.

ServeError 500 internal
├── Malformed 400 malformed_request
├── NotFound 404 not_found
│   └── UnknownModel 404 unknown_model
├── MethodNotAllowed 405 method_not_allowed
├── BodyTooLarge 413 body_too_large
├── InvalidValue 422 invalid_value
│   └── UnsupportedSize 422 unsupported_size
├── Unavailable 503 unavailable, with Retry-After
│   ├── Overloaded 503 overloaded
│   ├── NotReady 503 not_ready
│   └── ReplicaLost 503 replica_lost
└── DeadlinePassed 504 deadline_passed

SettingsError, ArtifactError and StartFailed are not among them: they stop the program at start.
"""


class SettingsError(ValueError):
    """A setting is unknown or wrong; the message names the variable, the value and what is allowed."""


class ArtifactError(SettingsError):
    """An artifact directory is damaged or does not fit this machine; the message names the file."""


class StartFailed(RuntimeError):
    """Ray could not bring the application up; its log, shown before, says why."""


class ServeError(Exception):
    """Base of all errors that reach a client. `param` names the request field at fault."""

    status = 500
    code = "internal"
    retry_after: int | None = None

    def __init__(self, message: str, *, param: str | None = None) -> None:
        super().__init__(message)
        self.param = param


class Malformed(ServeError):
    status = 400
    code = "malformed_request"


class NotFound(ServeError):
    status = 404
    code = "not_found"


class UnknownModel(NotFound):
    code = "unknown_model"


class MethodNotAllowed(ServeError):
    status = 405
    code = "method_not_allowed"


class BodyTooLarge(ServeError):
    status = 413
    code = "body_too_large"


class InvalidValue(ServeError):
    status = 422
    code = "invalid_value"


class UnsupportedSize(InvalidValue):
    code = "unsupported_size"


class Unavailable(ServeError):
    """Try again after `retry_after` seconds."""

    status = 503
    code = "unavailable"
    retry_after = 2


class Overloaded(Unavailable):
    code = "overloaded"


class NotReady(Unavailable):
    code = "not_ready"
    retry_after = 5


class ReplicaLost(Unavailable):
    code = "replica_lost"
    retry_after = 10


class DeadlinePassed(ServeError):
    status = 504
    code = "deadline_passed"
