"""What became of one picture of a batch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from opir.batch.job import Job
from opir.runtime.result import Findings, Report


@dataclass(frozen=True, kw_only=True)
class Restored:
    """It was restored and its results are in place."""

    job: Job
    """The picture."""
    found: Findings
    """What the model believes was wrong with it."""
    expected_error: float
    """Mean expected error [grey levels of 255]."""
    report: Report
    """How it was done."""


@dataclass(frozen=True, kw_only=True)
class Skipped:
    """The manifest says, and the digests prove, that exactly this has been done before."""

    job: Job
    """The picture."""


@dataclass(frozen=True, kw_only=True)
class Failed:
    """It was not restored; the batch goes on."""

    job: Job
    """The picture."""
    error: Exception
    """Why."""

    @property
    def message(self) -> str:
        """Return what went wrong."""
        if isinstance(self.error, MemoryError):
            return "there is not enough memory for it: close other programs, or take fewer pictures at once (--jobs 0)"
        return str(self.error) or type(self.error).__name__

    @property
    def reason(self) -> str:
        """Return one sentence that names the picture."""
        message = self.message
        return message if str(self.job.source) in message else f"{self.job.source}: {message}"


Outcome: TypeAlias = Restored | Skipped | Failed
