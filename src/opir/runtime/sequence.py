"""Several pictures of one file restored, each by itself: frames of an animation, pages of a TIFF file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

import numpy as np

from opir.imaging import FORMATS, Photo, PhotoSequence, draw_heat_map, encode_photo, heat_map_maximum, write_photo
from opir.runtime.restore import Restorer
from opir.runtime.result import Findings, Report, Restoration
from opir.runtime.settings import RestoreSettings

Progress: TypeAlias = Callable[[int, int], None]
"""Called with (pixels done, pixels in all)."""


@dataclass(frozen=True, kw_only=True, eq=False)
class SequenceRestoration:
    """The restored pictures of one file, in order."""

    restorations: tuple[Restoration, ...]
    """One per frame or page."""
    original: PhotoSequence
    """What was restored."""

    @property
    def photo(self) -> PhotoSequence:
        """Return the restored pictures, shown as long and as often as the originals."""
        return replace(self.original, frames=tuple(each.photo for each in self.restorations))

    @property
    def found(self) -> Findings:
        """Return the mean of what was found in the pictures."""
        first = self.restorations[0].found
        means = ((task, float(np.mean([each.found[task] for each in self.restorations]))) for task in first)
        return Findings(tuple(means))

    @property
    def expected_error(self) -> float:
        """Return the mean expected error of all pictures [grey levels of 255]."""
        return float(np.mean([each.expected_error for each in self.restorations]))

    @property
    def report(self) -> Report:
        """Return the report of the first picture, with the time of all and what was noted on any."""
        reports = [each.report for each in self.restorations]
        kind = "frames of an animation" if self.original.kind == "animation" else "pages"
        notes = dict.fromkeys(note for report in reports for note in report.notes)
        return replace(
            reports[0],
            n_tiles=max(report.n_tiles for report in reports),
            share_withheld=float(np.mean([report.share_withheld for report in reports])),
            seconds=sum(report.seconds for report in reports),
            notes=(f"{len(reports)} {kind}, each restored by itself", *notes),
        )

    def heat_maps(self) -> PhotoSequence:
        """Return the expected error of every picture in colours, all on one scale."""
        maximum = max(heat_map_maximum(each.uncertainty) for each in self.restorations)
        maps = tuple(Photo(pixels=draw_heat_map(each.uncertainty, maximum=maximum)) for each in self.restorations)
        return replace(self.original, frames=maps)

    def encode(self, format: str | None = None) -> bytes:
        """Return the bytes of the file: in the format named, else that of the settings, else the source's.

        PNG for an animation and TIFF for pages where that cannot be written. Raises
        :class:`opir.errors.OutputError` where the format cannot hold the pictures.
        """
        settings, source = self.restorations[0].settings, self.original.frames[0].source_format
        holds = {kind.name for kind in FORMATS.values() if kind.several == self.original.kind}
        fallback = "PNG" if self.original.kind == "animation" else "TIFF"
        wanted = format or settings.format or (source if source in holds else fallback)
        return encode_photo(self.photo, wanted, quality=settings.quality)

    def save(self, path: Path | str, *, quality: int | None = None) -> None:
        """Write the file, format from the suffix; complete or not at all.

        ``quality`` takes the place of that of the settings. Raises :class:`opir.errors.OutputError` where it cannot
        be written.
        """
        settings = self.restorations[0].settings
        write_photo(self.photo, Path(path), quality=settings.quality if quality is None else quality)


def restore_sequence(
    restorer: Restorer,
    sequence: PhotoSequence,
    *,
    settings: RestoreSettings | None = None,
    progress: Progress | None = None,
) -> SequenceRestoration:
    """Restore every picture of a sequence (:func:`opir.imaging.read_pictures`) by itself, with the same settings.

    What is wrong is found out for each picture anew, so that the result may flicker where the estimate does.
    Errors as for :meth:`opir.runtime.restore.Restorer.restore`.
    """
    settings = settings or RestoreSettings()
    total = sum(frame.height * frame.width for frame in sequence.frames)
    done, restorations = 0, []
    for frame in sequence.frames:
        tell = None if progress is None else _part_of(progress, done, frame.height * frame.width, total)
        restorations.append(restorer.restore(frame, settings=settings, progress=tell))
        done += frame.height * frame.width
    return SequenceRestoration(restorations=tuple(restorations), original=sequence)


def _part_of(progress: Progress, before: int, size: int, total: int) -> Progress:
    """Return a progress of one picture that counts towards the whole; its own unit may be passes over the pixels."""
    return lambda done, own_total: progress(before + done * size // max(own_total, 1), total)
