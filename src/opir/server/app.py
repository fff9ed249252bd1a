"""The application: all routes behind the gate, one model in the middle."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.responses import Response

from opir import __version__
from opir.server.addresses import HostRule
from opir.server.documentation import DESCRIPTION, token_scheme
from opir.server.error_responses import add_error_handlers
from opir.server.gate import Gate
from opir.server.job_routes import job_router
from opir.server.observer import Observer
from opir.server.page_files import PageFile, page_files
from opir.server.restore_routes import restore_router
from opir.server.service import Service
from opir.server.state_routes import OPEN_PATHS, state_router


def create_app(service: Service) -> FastAPI:
    """Return the ASGI application for a service, which it opens and closes with its lifespan.

    Nothing is reported to anybody, and the description needs no file from elsewhere: FastAPI's own telemetry and its
    documentation pages are off.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        del app
        await service.open()
        yield
        await service.close()

    app = FastAPI(
        title="OPIR",
        summary="All-in-one image restoration.",
        description=DESCRIPTION,
        version=__version__,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
        telemetry={
            "tracing": False,
            "metrics": False,
            "logs": False,
            "operation_spans": False,
            "auto_configure": False,
        },
    )
    for router in (restore_router(service), job_router(service)):
        app.include_router(router, dependencies=token_scheme(service.settings.token))
    app.include_router(state_router(service))
    page = page_files()
    for file in page:
        app.add_api_route(file.path, _shows(file), methods=["GET", "HEAD"], include_in_schema=False)
    add_error_handlers(app)
    settings = service.settings
    app.add_middleware(
        Gate,
        hosts=HostRule.of(settings.host, settings.allowed_hosts),
        token=settings.token,
        open_paths=OPEN_PATHS | {file.path for file in page},
    )
    app.add_middleware(Observer, metrics=service.metrics)  # the last one added is the outermost
    return app


def _shows(file: PageFile) -> Callable[[], Awaitable[Response]]:
    async def show() -> Response:
        return Response(file.content, media_type=file.media_type)

    return show
