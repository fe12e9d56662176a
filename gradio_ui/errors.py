"""What may go wrong between the page and the service.

UiError
├── Refused       the service answered with an error; has its status, code, message, param and Retry-After
├── Unreachable   no connection
└── Broken        the connection or the stream ended early, or the answer is not what docs/api.md says

SettingsError is not among them: it stops the program at start.
"""


class SettingsError(ValueError):
    """A flag or variable is wrong; the message names it, its value and what is allowed."""


class UiError(Exception):
    """Base of what the page shows instead of a picture."""

    may_pass = True
    """The same request may be taken later."""


class Refused(UiError):
    """An error answer of the service."""

    def __init__(
        self, status: int, code: str, message: str, param: str | None = None, retry_after: int | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.param = param
        self.retry_after = retry_after

        self.may_pass = self.wants_key or status in (200, 429) or status >= 500

    @property
    def starting(self) -> bool:
        """The model is being loaded; the same request will be taken later."""
        return self.code == "not_ready"

    @property
    def wants_key(self) -> bool:
        return self.status in (401, 403)


class Unreachable(UiError):
    """Nobody listens at the service's address."""


class Broken(UiError):
    """The service went away in the middle of an answer."""
