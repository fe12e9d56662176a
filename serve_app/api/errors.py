"""Errors as answers: `{"error": {"code", "message", "param", "request_id"}}`."""

import math
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from serve_app.errors import InvalidValue, Malformed, MethodNotAllowed, NotFound, ServeError

SHOWN = 80
"""Characters of a wrong value that an error repeats."""


def error_body(error: ServeError, request_id: str) -> dict[str, Any]:
    """The JSON of an error."""
    return {"error": {"code": error.code, "message": str(error), "param": error.param, "request_id": request_id}}


def error_response(error: ServeError, request_id: str) -> JSONResponse:
    """The answer to an error, with Retry-After where it helps to try again."""
    headers = {"Cache-Control": "no-store"}
    if error.retry_after is not None:
        headers["Retry-After"] = str(error.retry_after)
    return JSONResponse(error_body(error, request_id), error.status, headers)


def explain(error: Any) -> ServeError:
    """One pydantic error as ours, naming the field, the value and what is allowed."""
    kind, param = error["type"], ".".join(str(part) for part in error["loc"][1:]) or None
    if kind == "json_invalid":
        return Malformed(f"the body is not JSON: {error.get('ctx', {}).get('error', error['msg'])}")
    if param is None:
        return Malformed("the body must be a JSON object, sent as application/json")
    if kind == "missing":
        return InvalidValue(f"{param}: required", param=param)
    if kind == "extra_forbidden":
        return InvalidValue(f"{param}: there is no such parameter here; see /docs", param=param)
    return InvalidValue(f"{param}={_shown(error['input'])}: {error['msg']}", param=param)


def _shown(value: Any) -> str:
    text = str(value) if isinstance(value, float) and not math.isfinite(value) else repr(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}… ({len(text)} characters)"


def _methods(request: Request) -> str:
    """The methods of the request's path; Starlette itself tells only the first route's."""
    methods = request.app.openapi()["paths"].get(request.url.path, ["get"])
    return ", ".join(method.upper() for method in methods)


def _from_http(exc: HTTPException, request: Request) -> ServeError:
    if isinstance(exc.__cause__, ServeError):  # raised while FastAPI read the body
        return exc.__cause__
    if exc.status_code == 404:
        return NotFound(f"{request.url.path}: there is nothing here; see /docs")
    if exc.status_code == 405:
        return MethodNotAllowed(f"{request.method} {request.url.path}: allowed: {_methods(request)}")
    return Malformed(str(exc.detail))


def add_error_handlers(app: FastAPI) -> None:
    """Render every exception of the app's routes."""

    def request_id(request: Request) -> str:
        return str(request.scope.get("request_id", ""))

    @app.exception_handler(ServeError)
    async def ours(request: Request, exc: ServeError) -> JSONResponse:
        return error_response(exc, request_id(request))

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, exc: RequestValidationError) -> JSONResponse:
        return error_response(explain(exc.errors()[0]), request_id(request))

    @app.exception_handler(HTTPException)
    async def http(request: Request, exc: HTTPException) -> JSONResponse:
        response = error_response(_from_http(exc, request), request_id(request))
        response.headers.update(exc.headers or {})
        if exc.status_code == 405:
            response.headers["Allow"] = _methods(request)
        return response
