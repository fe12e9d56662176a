"""Log lines as JSON on stderr, one object per line, with the request id where there is one."""

import logging

from pythonjsonlogger.json import JsonFormatter


def set_up_logging(level: str) -> None:
    """Send the log of `serve_app` to stderr."""
    handler = logging.StreamHandler()
    fields = ["asctime", "levelname", "name", "message"]
    handler.setFormatter(JsonFormatter(fields, rename_fields={"asctime": "time", "levelname": "level"}))
    logger = logging.getLogger("serve_app")
    logger.handlers = [handler]
    logger.setLevel(level)
    logger.propagate = False
