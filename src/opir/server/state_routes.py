"""The routes for those who look after the server: alive, ready, counts; and what it takes."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST

from opir import __version__
from opir.imaging import FORMATS
from opir.server.documentation import errors, token_scheme
from opir.server.errors import shutting_down
from opir.server.schemas import About
from opir.server.service import Service

OPEN_PATHS: Final = frozenset({"/healthz", "/readyz"})
"""Routes that need no token: they tell nothing."""


def state_router(service: Service) -> APIRouter:
    """Return the routes."""
    router = APIRouter(tags=["state"])
    with_token = token_scheme(service.settings.token)

    @router.get("/healthz", summary="Is the server alive?", response_class=PlainTextResponse)
    async def alive() -> str:
        """Answer, which is all there is to it."""
        return "ok\n"

    @router.get("/readyz", summary="Does it take pictures?", response_class=PlainTextResponse, responses=errors(503))
    async def ready() -> str:
        """Answer with 503 while the server starts or ends."""
        if not service.is_ready:
            raise shutting_down()
        return "ready\n"

    @router.get(
        "/metrics",
        summary="Counts, for Prometheus",
        response_class=Response,
        responses=errors(401),
        dependencies=with_token,
    )
    async def metrics() -> Response:
        """Return the counts in the text format of Prometheus."""
        return Response(service.metrics.text(), media_type=CONTENT_TYPE_LATEST)

    @router.get(
        "/v1/about", summary="What serves here and what it takes", responses=errors(401), dependencies=with_token
    )
    async def about() -> About:
        """Describe the model and the limits."""
        spec, settings = service.restorer.spec, service.settings
        return About(
            opir_version=__version__,
            model=spec.name,
            model_version=spec.version,
            tasks=list(spec.trained_tasks),
            formats=list(FORMATS),
            max_megapixels=settings.max_megapixels,
            max_body_bytes=settings.max_body_bytes,
        )

    return router
