"""Work that nobody waits for with an open request: found again by an unguessable id, its result kept for a while."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field

from opir.server.answers import Answer
from opir.server.errors import ApiError, cancelled, shutting_down
from opir.server.work import Work

MAX_JOBS = 256
"""Jobs that are remembered; beyond it the oldest finished ones go."""


@dataclass(kw_only=True, eq=False)
class Job:
    """One job."""

    work: Work[Answer]
    """The computation."""
    id: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    """192 random bits: who knows it may see the result."""
    expiry: asyncio.TimerHandle | None = None
    """When the job is forgotten; None while it is under way."""

    @property
    def answer(self) -> Answer:
        """Return the result of a job that has ended, or raise what it failed with."""
        return self.work.outcome.result()

    @property
    def is_ended(self) -> bool:
        """Whether there is a result, or never will be."""
        return self.work.outcome.done()

    @property
    def n_bytes(self) -> int:
        """Return the memory that the result takes [bytes]."""
        return len(self.answer.content) if self.work.state == "done" else 0


class Jobs:
    """All jobs by id; belongs to the event loop."""

    def __init__(self, *, max_bytes: int, lifetime_s: float, fetched_lifetime_s: float) -> None:
        self._max_bytes, self._lifetime_s, self._fetched_lifetime_s = max_bytes, lifetime_s, fetched_lifetime_s
        self._jobs: dict[str, Job] = {}

    def __len__(self) -> int:
        return len(self._jobs)

    def __iter__(self) -> Iterator[Job]:
        return iter(tuple(self._jobs.values()))

    @property
    def n_bytes(self) -> int:
        """Return the memory that all results take [bytes]."""
        return sum(job.n_bytes for job in self)

    def add(self, work: Work[Answer]) -> Job:
        """Remember work as a job."""
        job = Job(work=work)
        self._jobs[job.id] = job
        work.outcome.add_done_callback(lambda _: self._ended(job))
        return job

    def get(self, job_id: str) -> Job:
        """Return a job; raises :class:`ApiError` 404 where there is none, or none any more."""
        job = self._jobs.get(job_id)
        if job is None:
            hint = f"results are kept for {self._lifetime_s:g} seconds, and less once fetched or when memory is short"
            raise ApiError(404, "no_such_job", "there is no such job, or it has been forgotten", hint=hint)
        return job

    def fetched(self, job: Job) -> None:
        """Forget a job soon, now that its result has been fetched: a broken download may be repeated."""
        self._forget_after(job, self._fetched_lifetime_s)

    def remove(self, job: Job, reason: ApiError | None = None) -> None:
        """Cancel a job if it is under way, and forget it."""
        self._jobs.pop(job.id, None)
        if job.expiry is not None:
            job.expiry.cancel()
        job.work.stop(reason or cancelled())

    def clear(self) -> None:
        """Cancel and forget all jobs, since nobody can ask for them once the server has ended."""
        for job in self:
            self.remove(job, shutting_down())

    def _ended(self, job: Job) -> None:
        if job.id not in self._jobs:
            return
        self._forget_after(job, self._lifetime_s)
        for other in self:
            if self.n_bytes <= self._max_bytes and len(self._jobs) <= MAX_JOBS:
                break
            if other is not job and other.is_ended:
                self.remove(other)

    def _forget_after(self, job: Job, seconds: float) -> None:
        if job.expiry is not None:
            job.expiry.cancel()
        job.expiry = asyncio.get_running_loop().call_later(seconds, self.remove, job)
