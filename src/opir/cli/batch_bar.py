"""One bar for a whole batch, moved by pixels, with the time that is left."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from opir.cli.console import printable, progress_bar, say

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from opir.batch.job import Job


class BatchBar:
    """The bar; without one at hand it shows nothing and only prints."""

    def __init__(self, bar: Progress | None, sizes: Mapping[Path, int]) -> None:
        """Take an empty bar, and the pixels of each picture."""
        self._bar = bar
        self._sizes = dict(sizes)
        self._total, self._done = sum(self._sizes.values()), 0
        self._current: Path | None = None
        self._task: TaskID | None = None if bar is None else bar.add_task("", total=self._total)

    def restoring(self, job: Job, done: int, total: int) -> None:
        """Show how far a picture is."""
        if job.source != self._current:
            self._finish()
            self._current = job.source
        share = done * self._sizes.get(job.source, 0) // max(1, total)
        self._show(printable(job.source.name), self._done + share)

    def passed_over(self, job: Job) -> None:
        """Take a picture on which no time was spent out of the sum."""
        if job.source != self._current:
            self._total -= self._sizes.pop(job.source, 0)

    def say(self, text: str) -> None:
        """Print a line above the bar."""
        if self._bar is None:
            say(text)
            return
        self._bar.stop()
        say(text)
        self._bar.start()

    def _finish(self) -> None:
        if self._current is not None:
            self._done += self._sizes.pop(self._current, 0)

    def _show(self, description: str, completed: int) -> None:
        if self._bar is not None and self._task is not None:
            # Escaped by the column, which takes no markup.
            self._bar.update(self._task, description=description, completed=completed, total=self._total)


@contextmanager
def batch_bar(jobs: tuple[Job, ...], *, wanted: bool) -> Iterator[BatchBar]:
    """Show a bar on standard error while the block runs, if it is wanted and standard error is a terminal."""
    if not (wanted and sys.stderr.isatty()):
        yield BatchBar(None, {})
        return
    from opir.batch.reading import n_pixels_of

    sizes = {job.source: n_pixels_of(job.source) for job in jobs}
    with progress_bar() as bar:
        yield BatchBar(bar, sizes)
