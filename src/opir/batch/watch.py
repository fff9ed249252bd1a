"""Watching folders: pictures are handed out once they have stopped growing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from opir.batch.job import Job
from opir.errors import ConfigurationError

POLL_SECONDS: Final = 2.0
"""Time between two looks at the folders."""

Stamp: TypeAlias = tuple[int, int]
"""Size [bytes] and time of the last change [ns] of a file."""


@dataclass(frozen=True)
class _Seen:
    stamp: Stamp
    handed_out: bool


class Watch:
    """Remembers what the files looked like at the last look."""

    def __init__(self, plan: Callable[[], Sequence[Job]]) -> None:
        """Remember how to list the pictures: called at each look, and may raise :class:`ConfigurationError`."""
        self._plan = plan
        self._seen: dict[Path, _Seen] = {}
        self._complaint = ""

    def look(self) -> tuple[Job, ...]:
        """Return the pictures that are new or changed, and whose size and time are those of the last look.

        Raises:
            ConfigurationError: if the plan does, but not twice in a row for the same reason.
        """
        try:
            jobs = self._plan()
        except ConfigurationError as error:
            if str(error) == self._complaint:
                return ()
            self._complaint = str(error)
            raise
        self._complaint = ""
        return tuple(job for job in jobs if self._is_due(job.source))

    def _is_due(self, path: Path) -> bool:
        stamp, before = stamp_of(path), self._seen.get(path)
        if stamp is None:
            self._seen.pop(path, None)
            return False
        if before is None or before.stamp != stamp:
            self._seen[path] = _Seen(stamp, handed_out=False)
            return False
        if before.handed_out or stamp[0] == 0:
            return False
        self._seen[path] = _Seen(stamp, handed_out=True)
        return True


def stamp_of(path: Path) -> Stamp | None:
    """Return size and time of the last change; None where there is no file."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns
