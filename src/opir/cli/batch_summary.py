"""The table at the end of a batch: how many pictures had which fate, and why some have no result."""

from __future__ import annotations

from typing import Final

from opir.batch.tally import Fate, Tally, Total
from opir.cli.console import say

MOST_REASONS: Final = 20
"""Reasons that are repeated; the manifest has all of them."""

_NAMES: Final[dict[Fate, str]] = {
    "restored": "restored",
    "unsure": "kept, unsure",
    "skipped": "done already",
    "refused": "refused",
    "failed": "failed",
}
_HEADINGS: Final = ("", "pictures", "megapixels", "seconds")


def say_summary(tally: Tally, *, n_jobs: int, seconds: float) -> None:
    """Print the table, the reasons and one sentence.

    Args:
        tally: what became of the pictures.
        n_jobs: how many there were to begin with.
        seconds: time of the whole batch, reading and writing included [s].
    """
    rows = [_row(_NAMES[fate], total) for fate, total in tally.totals.items() if total.n_pictures]
    n_pixels = sum(total.n_pixels for total in tally.totals.values())
    everything = Total(n_pictures=tally.n_all, n_pixels=n_pixels, seconds=seconds)
    _say_table([_HEADINGS, *rows, _row("all, with files", everything)])
    for fate, reason in tally.reasons[:MOST_REASONS]:
        say(f"{_NAMES[fate]}: {reason}")
    if len(tally.reasons) > MOST_REASONS:
        say(f"and {len(tally.reasons) - MOST_REASONS} more without a result")
    say(_sentence(tally, n_jobs))


def _row(name: str, total: Total) -> tuple[str, str, str, str]:
    computed = (f"{total.n_pixels / 1e6:.1f}", f"{total.seconds:.1f}") if total.n_pixels else ("-", "-")
    return (name, str(total.n_pictures), *computed)


def _say_table(rows: list[tuple[str, str, str, str]]) -> None:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for name, *numbers in rows:
        cells = (cell.rjust(width) for cell, width in zip(numbers, widths[1:], strict=True))
        say("  ".join((name.ljust(widths[0]), *cells)))


def _sentence(tally: Tally, n_jobs: int) -> str:
    n_skipped = tally.totals["skipped"].n_pictures
    skipped = f", {n_skipped} done already" if n_skipped else ""
    return f"{tally.n_restored} of {n_jobs} pictures restored{skipped}, {tally.n_failed} failed"
