"""The work on a batch: every picture read, restored and saved, whatever happens to the others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from opir.batch.job import Job
from opir.batch.manifest import Manifest
from opir.batch.options import BatchOptions
from opir.batch.outcome import Outcome
from opir.batch.pipeline import overlapped
from opir.batch.reading import weight_of
from opir.batch.steps import PixelProgress, Steps
from opir.runtime.restore import Restorer
from opir.runtime.settings import RestoreSettings

LARGEST_WEIGHT_PIXELS: Final = 150_000_000
"""Pixels of all pictures between reading and writing beyond which nothing is read ahead: 0.5 GB decoded."""


def run_batch(
    jobs: Sequence[Job],
    restorer: Restorer,
    settings: RestoreSettings,
    *,
    options: BatchOptions,
    manifest: Manifest | None = None,
    stop: Callable[[], bool] = lambda: False,
    progress: PixelProgress | None = None,
) -> Iterator[Outcome]:
    """Restore the pictures and yield what became of each, in their order.

    A result appears under its name complete or not at all, and after its entry in the manifest. What fails with one
    of :data:`opir.batch.steps.FAILURES` is yielded and entered; anything else is a mistake of ours and ends the steps.

    Args:
        jobs: the pictures.
        restorer: the model.
        settings: what is done to each.
        options: how files are treated.
        manifest: the memory of the output folder, entered; None to keep none, and then nothing can be resumed.
        stop: asked before each picture; once it says yes, the pictures under way are finished and no more begun.
        progress: told about the picture that is being restored.
    """
    steps = Steps(restorer, settings, options, manifest, progress)
    return overlapped(
        jobs,
        steps.load,
        steps.restore,
        steps.save,
        depth=options.depth,
        weight=lambda job: weight_of(job.source),
        largest_weight=LARGEST_WEIGHT_PIXELS,
        stop=stop,
    )
