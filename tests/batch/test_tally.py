"""Which total a picture counts for."""

from __future__ import annotations

from pathlib import Path

import pytest

from batch_folder import write_picture
from opir.batch.job import Job
from opir.batch.outcome import Failed, Restored, Skipped
from opir.batch.tally import Fate, Tally, fate_of
from opir.errors import (
    ImageTooLargeError,
    NumericalError,
    OutputError,
    UnreadableImageError,
    UnsupportedImageError,
)
from opir.runtime.restore import Restorer
from opir.runtime.settings import RestoreSettings

JOB = Job(source=Path("a.png"), output=Path("b.png"))


@pytest.mark.parametrize(
    ("error", "fate"),
    [
        (UnreadableImageError("x"), "refused"),
        (UnsupportedImageError("x"), "refused"),
        (ImageTooLargeError("x"), "refused"),
        (OutputError("x"), "failed"),
        (NumericalError("x"), "failed"),
        (MemoryError(), "failed"),
    ],
)
def test_the_file_is_to_blame_or_not(error: Exception, fate: Fate) -> None:
    assert fate_of(Failed(job=JOB, error=error)) == fate


def test_sums(restorer: Restorer, tmp_path: Path) -> None:
    photo, tally = write_picture(tmp_path / "a.png", height=20, width=30), Tally()
    for limit in (None, 1e-6, 1e6):
        result = restorer.restore(photo, settings=RestoreSettings(max_uncertainty=limit))
        tally.add(Restored(job=JOB, found=result.found, expected_error=result.expected_error, report=result.report))
    tally.add(Skipped(job=JOB))
    tally.add(Failed(job=JOB, error=OutputError("disk full")))
    counts = {fate: (total.n_pictures, total.n_pixels) for fate, total in tally.totals.items()}
    assert counts == {
        "restored": (2, 1200),
        "unsure": (1, 600),
        "skipped": (1, 0),
        "refused": (0, 0),
        "failed": (1, 0),
    }
    assert (tally.n_all, tally.n_restored, tally.n_failed) == (5, 3, 1)
    assert tally.reasons == [("failed", "a.png: disk full")]
