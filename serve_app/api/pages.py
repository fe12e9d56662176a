"""The page for people, health for machines, and what is served."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from serve_app import __version__
from serve_app.core import MAX_GUIDANCE, MAX_IMAGES, MAX_PROMPT, MAX_SEED, MAX_STEPS, MEDIA_TYPES, SCHEDULERS, size_name
from serve_app.errors import NotReady
from serve_app.service import Service

INDEX = Path(__file__).parent / "index.html"


def pages_router(service: Service) -> APIRouter:
    """The routes of this file."""
    router = APIRouter(tags=["service"])

    @router.get("/", response_class=HTMLResponse, include_in_schema=False)
    async def index() -> str:
        return INDEX.read_text()

    @router.get("/healthz")
    async def healthz() -> dict[str, str]:
        """200 while the HTTP process lives."""
        return {"status": "ok"}

    @router.get("/readyz")
    async def readyz() -> dict[str, str]:
        """200 once a replica has warmed up, else 503."""
        if not await service.ready():
            raise NotReady("no replica has loaded its model yet")
        return {"status": "ready"}

    @router.get("/v1/info")
    async def info() -> dict[str, Any]:
        """Models with their sizes and defaults, replicas, schedulers, limits, version."""
        return {
            "version": __version__,
            "replicas": asdict(await service.replicas.counts()),
            "models": [
                {
                    "name": model.name,
                    "revision": model.revision,
                    "sizes": [size_name(size) for size in model.sizes],
                    "defaults": {
                        "steps": model.steps,
                        "guidance_scale": model.guidance_scale,
                        "scheduler": model.scheduler,
                    },
                }
                for model in service.registry.models.values()
            ],
            "schedulers": list(SCHEDULERS),
            "formats": list(MEDIA_TYPES),
            "limits": {
                "prompt_characters": MAX_PROMPT,
                "steps": MAX_STEPS,
                "guidance_scale": MAX_GUIDANCE,
                "n": MAX_IMAGES,
                "seed": MAX_SEED,
            },
        }

    return router
