"""What the routes share: the model, the decoder, the worker, the jobs, and the way of a picture through them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TypeVar

from fastapi import Request
from starlette.requests import ClientDisconnect

from opir import __version__
from opir.analysis.analyze import Analysis, analyze
from opir.runtime.engine import InterruptedRunError, InterruptibleEngine
from opir.runtime.restore import Restorer
from opir.runtime.settings import RestoreSettings
from opir.server.answers import Answer, Returned, build_answer
from opir.server.body import read_picture
from opir.server.clients import client_of
from opir.server.decode_frames import Probe
from opir.server.decode_pool import DecodePool
from opir.server.errors import ApiError, cancelled, deadline_passed, upload_too_slow
from opir.server.jobs import Jobs
from opir.server.metrics import Metrics
from opir.server.settings import ServerSettings
from opir.server.work import StoppedError, Work, Worker

_Result = TypeVar("_Result")


class Service:
    """One model at work."""

    def __init__(self, restorer: Restorer, settings: ServerSettings) -> None:
        self.restorer, self.settings = restorer, settings
        self.metrics = Metrics()
        self.worker = Worker(n_waiting=settings.n_waiting, n_per_client=settings.share_per_client)
        self.jobs = Jobs(
            max_bytes=settings.result_bytes,
            lifetime_s=settings.result_lifetime_s,
            fetched_lifetime_s=settings.fetched_lifetime_s,
        )
        self.decoder = DecodePool(
            max_pixels=settings.max_pixels,
            max_body_bytes=settings.max_body_bytes,
            on_death=self.metrics.decoder_deaths.inc,
        )
        self.is_ready = False
        self._add_metrics()

    async def open(self) -> None:
        """Get ready."""
        await asyncio.to_thread(self.decoder.warm_up)
        self.is_ready = True

    def drain(self) -> None:
        """Take nothing new, drop what nobody could fetch any more, let the request in work finish."""
        self.is_ready = False
        self.worker.drain()
        self.jobs.clear()

    async def close(self) -> None:
        """Drain, wait for the request in work, end the decoding processes."""
        self.drain()
        await self.worker.close()
        await asyncio.to_thread(self.decoder.close)

    async def submit(
        self, request: Request, prepare: Callable[[bytes, Probe], Callable[[Work[_Result]], _Result]], *, seconds: float
    ) -> Work[_Result]:
        """Read the picture of a request, look at its header and queue the work that ``prepare`` makes of it.

        Raises :class:`ApiError` or :class:`opir.errors.ImageError` for what can be seen without decoding.
        """
        loop, limit = asyncio.get_running_loop(), self.settings.deadline_s
        end = loop.time() + seconds
        with self.worker.place(client_of(request)) as place:
            try:
                async with asyncio.timeout(limit):
                    data = await read_picture(request, max_bytes=self.settings.max_body_bytes)
            except TimeoutError as error:
                raise upload_too_slow(limit) from error
            probe = await asyncio.to_thread(self.decoder.probe, data)
            left = max(0.0, end - loop.time())
            return place.start(prepare(data, probe), seconds=left, late=deadline_passed(seconds))

    def restoration(
        self, data: bytes, settings: RestoreSettings, returned: Returned, *, is_job: bool = False
    ) -> Callable[[Work[Answer]], Answer]:
        """Return the computation that restores a picture."""

        def compute(work: Work[Answer]) -> Answer:
            photo = self.decoder.decode(data)
            work.check()
            with self._interruptible(work):
                restoration = self.restorer.restore(photo, settings=settings, progress=work.progress)
            self.metrics.restore_seconds.observe(restoration.report.seconds)
            self.metrics.pixels.inc(photo.height * photo.width)
            answer = build_answer(restoration, returned)
            if is_job and len(answer.content) > self.settings.result_bytes:
                hint = "use POST /v1/restore, or a smaller format such as format=JPEG"
                raise ApiError(413, "result_too_large", "the result is larger than what is kept", hint=hint)
            return answer

        return compute

    def analysis(self, data: bytes) -> Callable[[Work[Analysis]], Analysis]:
        """Return the computation that finds out what is wrong with a picture."""

        def compute(work: Work[Analysis]) -> Analysis:
            photo = self.decoder.decode(data)
            work.check()
            with self._interruptible(work):
                return analyze(photo, self.restorer)

        return compute

    @contextmanager
    def _interruptible(self, work: Work[_Result]) -> Iterator[None]:
        """Let work that is stopped end at once where the engine can do that, else at the end of the tile."""
        engine = self.restorer.engine
        if not isinstance(engine, InterruptibleEngine):
            yield
            return
        with engine.interruptible() as interrupt:
            work.interrupt_with(interrupt)
            try:
                yield
            except InterruptedRunError as error:
                raise StoppedError from error

    def _add_metrics(self) -> None:
        watch, worker, jobs, spec = self.metrics.watch, self.worker, self.jobs, self.restorer.spec
        watch("opir_waiting", "Requests and jobs that wait.", lambda: worker.n_waiting)
        watch("opir_running", "Requests and jobs being computed.", lambda: worker.n_running)
        watch("opir_jobs", "Jobs that are remembered.", lambda: len(jobs))
        watch("opir_result_bytes", "Memory of the results of jobs.", lambda: jobs.n_bytes)
        labels = {"opir_version": __version__, "model": spec.name, "model_version": spec.version}
        self.metrics.describe("opir_info", "What serves here.", labels)


async def outcome_for(request: Request, work: Work[_Result]) -> _Result:
    """Wait for work on behalf of a request whose body has been read; a client that hangs up stops it.

    Raises what the work failed with, and :class:`ClientDisconnect` where nobody is left to be answered.
    """
    watcher = asyncio.ensure_future(_hung_up(request))
    try:
        either: set[asyncio.Future[None] | asyncio.Future[_Result]] = {watcher, work.outcome}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if not work.outcome.done():
            raise ClientDisconnect
        return work.outcome.result()
    finally:
        work.stop(cancelled())
        watcher.cancel()
        with suppress(asyncio.CancelledError):
            await watcher


async def _hung_up(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        continue
