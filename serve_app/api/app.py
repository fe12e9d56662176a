"""The HTTP application: its routes and the order of its middleware."""

from dataclasses import dataclass

from fastapi import FastAPI
from starlette.middleware import Middleware

from serve_app import __version__
from serve_app.api.errors import add_error_handlers
from serve_app.api.imagine import imagine_router
from serve_app.api.middleware import AccessLog, BodyLimit, Observe, RequestId, Unexpected
from serve_app.api.pages import pages_router
from serve_app.service import Service


@dataclass(frozen=True)
class HttpOptions:
    """What the HTTP layer needs to know besides its service."""

    request_timeout_s: float = 120.0
    max_body_bytes: int = 1 << 20
    cache_max_age_s: int = 86_400
    echo_request_id: bool = True
    """False behind Ray's proxy, which puts X-Request-Id on every answer itself."""


def create_app(
    service: Service, options: HttpOptions, observe: Observe = lambda route, status, seconds: None
) -> FastAPI:
    """Build the application around a service."""
    app = FastAPI(
        title="imagine-server",
        version=__version__,
        summary="Pictures from words",
        middleware=[  # outermost first
            Middleware(RequestId, echo=options.echo_request_id),
            Middleware(AccessLog, observe=observe),
            Middleware(Unexpected),
            Middleware(BodyLimit, limit=options.max_body_bytes),
        ],
    )
    app.include_router(pages_router(service))
    app.include_router(imagine_router(service, options.request_timeout_s, options.cache_max_age_s))
    add_error_handlers(app)
    return app
