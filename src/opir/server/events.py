"""The progress of a job as server-sent events (WHATWG HTML, section 9.2)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Final

from opir.server.jobs import Job
from opir.server.schemas import JobStatus

MEDIA_TYPE: Final = "text/event-stream"

LOOK_SECONDS: Final = 0.25
"""How often a job is looked at [s]; no client needs more."""

QUIET_LOOKS: Final = 60
"""After so many looks without news a comment is sent, so that nobody takes the connection for dead."""


async def job_events(job: Job, describe: Callable[[Job], JobStatus]) -> AsyncIterator[bytes]:
    """Yield an event ``progress`` whenever something has changed, and at the end ``done``, ``failed`` or ``cancelled``.

    The data of every event is the job's status.
    """
    last, n_quiet = "", 0
    while True:
        is_ended = job.is_ended
        status = describe(job)
        text = status.model_dump_json(exclude_none=True)
        if is_ended:
            yield f"event: {status.state}\ndata: {text}\n\n".encode()
            return
        if text != last:
            last, n_quiet = text, 0
            yield f"event: progress\ndata: {text}\n\n".encode()
        elif n_quiet >= QUIET_LOOKS:
            n_quiet = 0
            yield b": still here\n\n"
        n_quiet += 1
        await asyncio.wait({job.work.outcome}, timeout=LOOK_SECONDS)
