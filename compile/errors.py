"""What stops the compile step, each with its exit code."""


class CompileError(Exception):
    """The compile step cannot go on; the message says what to do."""

    exit_code = 1


class UsageError(CompileError):
    """A flag is wrong; the message names it, its value and what is allowed."""

    exit_code = 2


class GraphsFailed(CompileError):
    """Some graphs failed; the others are kept, and are not compiled again."""

    exit_code = 3


class CheckFailed(CompileError):
    """A compiled graph does not give what the eager module gives."""

    exit_code = 4
