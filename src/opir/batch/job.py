"""One picture of a batch: where it comes from and where its results go."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Job:
    """One picture to restore."""

    source: Path
    """File to read."""
    output: Path
    """File to write."""
    uncertainty: Path | None = None
    """File for the uncertainty map, if one is wanted."""
    name: str = ""
    """What the manifest calls the picture: its path below the folder that was given, else its file name."""

    @property
    def outputs(self) -> tuple[Path, ...]:
        """Return every file that will be written."""
        return (self.output,) if self.uncertainty is None else (self.output, self.uncertainty)

    @property
    def is_in_place(self) -> bool:
        """Whether the result takes the place of the original."""
        return identity(self.source) == identity(self.output)


def identity(path: Path) -> str:
    """Return what two names of the same file share: links followed, and case ignored where the system does."""
    return os.path.normcase(os.path.realpath(path))
