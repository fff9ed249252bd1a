"""``opir restore`` for files and folders: the batch, what it prints, how it ends."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import typer

from opir.batch.job import Job
from opir.batch.manifest import Manifest
from opir.batch.options import BatchOptions
from opir.batch.outcome import Failed, Outcome
from opir.batch.preview import preview_batch
from opir.batch.run import run_batch
from opir.batch.stopping import INTERRUPTED, StopRequest
from opir.batch.tally import Tally
from opir.batch.watch import POLL_SECONDS, Watch
from opir.cli.batch_bar import batch_bar
from opir.cli.batch_summary import say_summary
from opir.cli.console import fail
from opir.cli.restore_report import tell_outcome, tell_preview
from opir.errors import ConfigurationError
from opir.runtime.restore import Restorer
from opir.runtime.settings import RestoreSettings


@dataclass(frozen=True, kw_only=True, eq=False)
class Work:
    """What holds for every picture."""

    restorer: Restorer
    """The model."""
    settings: RestoreSettings
    """What is done."""
    options: BatchOptions
    """How files are treated."""
    manifest_folder: Path | None
    """Where the manifest lies; None for no manifest."""
    as_json: bool
    """Whether machines read the output."""

    def manifest(self) -> AbstractContextManager[Manifest | None]:
        """Return the manifest, to be entered, or nothing."""
        return nullcontext() if self.manifest_folder is None else Manifest(self.manifest_folder)


def restore_all(jobs: tuple[Job, ...], work: Work) -> None:
    """Restore the pictures and exit with the code that the help promises."""
    tally = Tally()
    with _summed_up(tally, work, n_jobs=len(jobs)), StopRequest(_say_how_to_stop) as stop, work.manifest() as manifest:
        try:
            _run(jobs, work, manifest, stop, tally)
        except KeyboardInterrupt as error:
            _end_early(tally, len(jobs), error)
        if stop() and tally.n_all < len(jobs):
            _end_early(tally, len(jobs), None)
    if tally.n_failed:
        raise typer.Exit(1)


def show_plan(jobs: tuple[Job, ...], work: Work) -> None:
    """Say what would be done; exit with 1 if some of it could not be."""
    manifest = None if work.manifest_folder is None else Manifest(work.manifest_folder)
    if manifest is not None:
        manifest.load()
    n_failed = 0
    for preview in preview_batch(jobs, work.restorer, work.settings, options=work.options, manifest=manifest):
        n_failed += isinstance(preview, Failed)
        tell_preview(preview, as_json=work.as_json)
    if n_failed:
        raise typer.Exit(1)


def watch(plan: Callable[[], Sequence[Job]], work: Work, *, seconds: float = POLL_SECONDS) -> None:
    """Restore what is there and what arrives until somebody stops it; exit with 1 if some failed."""
    tally, watched = Tally(), Watch(plan)
    with _summed_up(tally, work, n_jobs=None), StopRequest(_say_how_to_stop) as stop, work.manifest() as manifest:
        while not stop():
            try:
                jobs = watched.look()
            except ConfigurationError as error:
                fail(str(error))
                jobs = ()
            try:
                _run(jobs, work, manifest, stop, tally)
            except KeyboardInterrupt:
                break
            stop.wait(seconds)
    if tally.n_failed:
        raise typer.Exit(1)


def _run(jobs: Sequence[Job], work: Work, manifest: Manifest | None, stop: StopRequest, tally: Tally) -> None:
    with batch_bar(tuple(jobs), wanted=not work.as_json) as bar:
        outcomes: Iterable[Outcome] = run_batch(
            jobs,
            work.restorer,
            work.settings,
            options=work.options,
            manifest=manifest,
            stop=stop,
            progress=bar.restoring,
        )
        for outcome in outcomes:
            tally.add(outcome)
            tell_outcome(outcome, bar, as_json=work.as_json)


@contextmanager
def _summed_up(tally: Tally, work: Work, *, n_jobs: int | None) -> Iterator[None]:
    """Print the table at the end of the block, however it ends; ``n_jobs`` is None where nobody knew how many."""
    start = time.monotonic()
    try:
        yield
    finally:
        n_all = tally.n_all if n_jobs is None else n_jobs
        if not work.as_json and tally.n_all and (n_all > 1 or n_jobs is None):
            say_summary(tally, n_jobs=n_all, seconds=time.monotonic() - start)


def _say_how_to_stop() -> None:
    fail("finishing what is under way; once more to stop at once")


def _end_early(tally: Tally, n_jobs: int, error: BaseException | None) -> None:
    fail(f"interrupted: {tally.n_all} of {n_jobs} pictures had their turn")
    raise typer.Exit(INTERRUPTED) from error
