"""The routes of jobs: make one, look at it, follow it, fetch the result, cancel it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response, StreamingResponse

from opir.runtime.settings import RestoreSettings
from opir.server.answers import Answer
from opir.server.decode_frames import Probe
from opir.server.documentation import EVENTS, PICTURE_BODY, PICTURE_ERRORS, RESULT, errors
from opir.server.error_responses import detail_of
from opir.server.errors import ApiError, as_api_error
from opir.server.events import MEDIA_TYPE, job_events
from opir.server.examples import JOB, shown
from opir.server.jobs import Job
from opir.server.options import ReturnedQuery, no_options, restore_settings
from opir.server.responses import answer_response
from opir.server.schemas import JobStatus
from opir.server.service import Service
from opir.server.work import Work


def job_router(service: Service) -> APIRouter:
    """Return the routes."""
    router = APIRouter(prefix="/v1/jobs", tags=["jobs"])
    plain = [Depends(no_options)]

    def status_of(job: Job) -> JobStatus:
        error = job.work.outcome.exception() if job.is_ended else None
        return JobStatus(
            id=job.id,
            state=job.work.state,
            progress=1.0 if job.work.state == "done" else job.work.fraction,
            n_ahead=0 if job.is_ended else service.worker.n_ahead(job.work),
            error=None if error is None else detail_of(as_api_error(error)),
        )

    @router.post(
        "",
        summary="Restore a picture in the background",
        status_code=202,
        response_model_exclude_none=True,
        responses={202: shown(JOB), **errors(*PICTURE_ERRORS)},
        openapi_extra=PICTURE_BODY,
    )
    async def create(
        request: Request,
        response: Response,
        settings: Annotated[RestoreSettings, Depends(restore_settings)],
        returned: ReturnedQuery = "image",
    ) -> JobStatus:
        """Queue the picture; the options are those of a restoration and decide what the result will be."""

        def prepare(data: bytes, probe: Probe) -> Callable[[Work[Answer]], Answer]:
            del probe
            return service.restoration(data, settings, returned, is_job=True)

        work = await service.submit(request, prepare, seconds=service.settings.job_deadline_s)
        job = service.jobs.add(work)
        response.headers["location"] = f"/v1/jobs/{job.id}"
        return status_of(job)

    @router.get(
        "/{job_id}",
        summary="Look at a job",
        dependencies=plain,
        response_model_exclude_none=True,
        responses={200: shown(JOB), **errors(401, 404, 422)},
    )
    async def look(job_id: str) -> JobStatus:
        """Say where a job stands."""
        return status_of(service.jobs.get(job_id))

    @router.get(
        "/{job_id}/events",
        summary="Follow a job",
        dependencies=plain,
        response_class=StreamingResponse,
        responses={200: EVENTS, **errors(401, 404, 422)},
    )
    async def follow(job_id: str) -> StreamingResponse:
        """Send an event whenever the job has advanced, until it ends."""
        events = job_events(service.jobs.get(job_id), status_of)
        return StreamingResponse(events, headers={"x-accel-buffering": "no"}, media_type=MEDIA_TYPE)  # nginx waits else

    @router.get(
        "/{job_id}/result",
        summary="Fetch the result of a job",
        dependencies=plain,
        response_class=Response,
        responses={200: RESULT, **errors(401, 404, 409, 410, 413, 422, 500, 503)},
    )
    async def fetch(job_id: str) -> StreamingResponse:
        """Send the result, or the error that the job failed with. It may be fetched again for a short time."""
        job = service.jobs.get(job_id)
        if not job.is_ended:
            hint = "follow /v1/jobs/{id}/events or ask again"
            raise ApiError(409, "not_finished", "the job has not ended yet", hint=hint, retry_after_s=1)
        service.jobs.fetched(job)
        return answer_response(job.answer)

    @router.delete(
        "/{job_id}",
        summary="Cancel or forget a job",
        dependencies=plain,
        status_code=204,
        responses=errors(401, 404, 422),
    )
    async def cancel(job_id: str) -> None:
        """End the job if it is under way, and drop its result."""
        service.jobs.remove(service.jobs.get(job_id))

    return router
