"""What became of all the pictures of a batch, added up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from opir.batch.outcome import Failed, Outcome, Restored, Skipped
from opir.errors import ImageTooLargeError, MissingExtraError, UnreadableImageError, UnsupportedImageError

Fate: TypeAlias = Literal["restored", "unsure", "skipped", "refused", "failed"]
"""``unsure``: restored, but most of the correction was withheld; ``refused``: the file is no picture that is handled;
``failed``: the picture is one, and restoring or writing it went wrong."""

UNSURE_SHARE: Final = 0.5
"""Share of the correction that ``max_uncertainty`` must withhold for a picture to count as kept."""

_REFUSALS: Final = (UnreadableImageError, UnsupportedImageError, ImageTooLargeError, MissingExtraError)


@dataclass(kw_only=True)
class Total:
    """The pictures of one fate."""

    n_pictures: int = 0
    """How many."""
    n_pixels: int = 0
    """Their pixels; 0 where nothing was computed."""
    seconds: float = 0.0
    """Time in which they were restored, without reading and writing [s]."""


class Tally:
    """Counts pictures, pixels and time by fate, and keeps the reasons of those that have no result."""

    def __init__(self) -> None:
        self.totals: dict[Fate, Total] = {
            fate: Total() for fate in ("restored", "unsure", "skipped", "refused", "failed")
        }
        self.reasons: list[tuple[Fate, str]] = []

    def add(self, outcome: Outcome) -> None:
        """Count one picture."""
        fate = fate_of(outcome)
        total = self.totals[fate]
        total.n_pictures += 1
        if isinstance(outcome, Restored):
            total.n_pixels += outcome.report.height * outcome.report.width
            total.seconds += outcome.report.seconds
        elif isinstance(outcome, Failed):
            self.reasons.append((fate, outcome.reason))

    @property
    def n_all(self) -> int:
        """Return how many pictures had their turn."""
        return sum(total.n_pictures for total in self.totals.values())

    @property
    def n_restored(self) -> int:
        """Return how many have a new result, however much of the correction it holds."""
        return self.totals["restored"].n_pictures + self.totals["unsure"].n_pictures

    @property
    def n_failed(self) -> int:
        """Return how many have no result."""
        return self.totals["refused"].n_pictures + self.totals["failed"].n_pictures


def fate_of(outcome: Outcome) -> Fate:
    """Return which of the totals a picture belongs to."""
    match outcome:
        case Restored(report=report):
            return "unsure" if report.share_withheld >= UNSURE_SHARE else "restored"
        case Skipped():
            return "skipped"
        case Failed(error=error):
            return "refused" if isinstance(error, _REFUSALS) else "failed"
