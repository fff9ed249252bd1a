"""The routes that answer with a result at once: restore and analyze."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response, StreamingResponse

from opir.analysis.analyze import Analysis
from opir.runtime.settings import RestoreSettings
from opir.server.accept import accepted_format
from opir.server.answers import Answer, Returned
from opir.server.decode_frames import Probe
from opir.server.documentation import PICTURE_BODY, PICTURE_ERRORS, RESULT, errors
from opir.server.examples import ANALYSIS, shown
from opir.server.options import ReturnedQuery, no_options, restore_settings
from opir.server.responses import answer_response
from opir.server.schemas import AnalysisDocument
from opir.server.service import Service, outcome_for
from opir.server.work import Work


def restore_router(service: Service) -> APIRouter:
    """Return the routes."""
    router = APIRouter(prefix="/v1", tags=["restore"])

    @router.post(
        "/restore",
        summary="Restore a picture",
        response_class=Response,
        responses={200: RESULT, **errors(*PICTURE_ERRORS, 406)},
        openapi_extra=PICTURE_BODY,
    )
    async def restore(
        request: Request,
        settings: Annotated[RestoreSettings, Depends(restore_settings)],
        returned: ReturnedQuery = "image",
    ) -> StreamingResponse:
        """Wait for the result. If the client hangs up, the work ends. For large pictures there are jobs."""

        def prepare(data: bytes, probe: Probe) -> Callable[[Work[Answer]], Answer]:
            negotiated = _negotiated(request, settings, returned, probe)
            return service.restoration(data, negotiated, returned)

        work = await service.submit(request, prepare, seconds=service.settings.deadline_s)
        return answer_response(await outcome_for(request, work))

    @router.post(
        "/analyze",
        summary="Find out what is wrong with a picture",
        dependencies=[Depends(no_options)],
        responses={200: shown(ANALYSIS), **errors(*PICTURE_ERRORS)},
        openapi_extra=PICTURE_BODY,
    )
    async def analyze(request: Request) -> AnalysisDocument:
        """Say what is wrong with the picture and how strong it is; only small parts of it are restored to see that."""

        def prepare(data: bytes, probe: Probe) -> Callable[[Work[Analysis]], Analysis]:
            del probe
            return service.analysis(data)

        work = await service.submit(request, prepare, seconds=service.settings.deadline_s)
        return AnalysisDocument.model_validate((await outcome_for(request, work)).entries())

    return router


def _negotiated(request: Request, settings: RestoreSettings, returned: Returned, probe: Probe) -> RestoreSettings:
    """Return the settings with the format that ``Accept`` asks for, where the query does not say."""
    if settings.format is not None or returned != "image":
        return settings
    return replace(settings, format=accepted_format(request.headers.get("accept"), probe.format))
