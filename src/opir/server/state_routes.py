"""The routes for those who look after the server: alive, ready, counts; and what it takes."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST

from opir import __version__
from opir.imaging import FORMATS
from opir.server.documentation import COUNTS, TEXT, Entry, errors, token_scheme
from opir.server.errors import shutting_down
from opir.server.examples import ABOUT, shown
from opir.server.schemas import About
from opir.server.service import Service

OPEN_PATHS: Final = frozenset({"/healthz", "/readyz"})
"""Routes that need no token: they tell nothing."""


def state_router(service: Service) -> APIRouter:
    """Return the routes."""
    router = APIRouter(tags=["state"])
    with_token = token_scheme(service.settings.token)

    async def alive() -> PlainTextResponse:
        """Answer, which is all there is to it."""
        return PlainTextResponse("ok\n")

    async def ready() -> PlainTextResponse:
        """Answer with 503 while the server starts or ends."""
        if not service.is_ready:
            raise shutting_down()
        return PlainTextResponse("ready\n")

    for path, answer, summary, described in (
        ("/healthz", alive, "Is the server alive?", errors()),
        ("/readyz", ready, "Does it take pictures?", errors(503)),
    ):
        responses: dict[int | str, Entry] = {200: TEXT, **described}
        router.add_api_route(path, answer, response_class=Response, summary=summary, responses=responses)
        router.add_api_route(path, answer, methods=["HEAD"], include_in_schema=False)

    @router.get(
        "/metrics",
        summary="Counts, for Prometheus",
        response_class=Response,
        responses={200: COUNTS, **errors(401)},
        dependencies=with_token,
    )
    async def metrics() -> Response:
        """Return the counts in the text format of Prometheus."""
        return Response(service.metrics.text(), media_type=CONTENT_TYPE_LATEST)

    @router.get(
        "/v1/about",
        summary="What serves here and what it takes",
        responses={200: shown(ABOUT), **errors(401)},
        dependencies=with_token,
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
