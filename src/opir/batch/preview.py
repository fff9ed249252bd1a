"""What a batch would do, without doing it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from opir.batch.digest import file_sha256
from opir.batch.job import Job
from opir.batch.manifest import Manifest
from opir.batch.options import BatchOptions
from opir.batch.outcome import Failed, Skipped
from opir.batch.reading import n_pixels_of
from opir.batch.steps import FAILURES, Steps
from opir.runtime.restore import Restorer
from opir.runtime.settings import RestoreSettings


@dataclass(frozen=True, kw_only=True)
class Planned:
    """It would be restored."""

    job: Job
    """The picture."""
    n_pixels: int
    """Its size according to its header, 0 where that cannot be told."""


Preview: TypeAlias = Planned | Skipped | Failed


def preview_batch(
    jobs: Sequence[Job],
    restorer: Restorer,
    settings: RestoreSettings,
    *,
    options: BatchOptions,
    manifest: Manifest | None = None,
) -> Iterator[Preview]:
    """Yield what :func:`opir.batch.run.run_batch` would begin with each picture; nothing is written.

    Pictures are not decoded, so a damaged one counts as planned. The manifest must have been loaded.
    """
    steps = Steps(restorer, settings, options, manifest, None)
    for job in jobs:
        try:
            if options.resume and (digest := file_sha256(job.source)) and steps.is_done(job, digest):
                yield Skipped(job=job)
                continue
            for path in job.outputs:
                steps.check_free(path, job)
        except FAILURES as error:
            yield Failed(job=job, error=error)
        else:
            yield Planned(job=job, n_pixels=n_pixels_of(job.source))
