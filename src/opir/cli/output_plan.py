"""Where the results go: one output per input, decided and checked before any work starts."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import typer

from opir.errors import OutputError

HEAT_MAP_SUFFIX: Final = ".png"
"""Format of an uncertainty map that is named after its picture."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """One picture to restore."""

    source: Path
    """File to read."""
    output: Path
    """File to write."""
    uncertainty: Path | None
    """File for the uncertainty map, if one is wanted."""

    @property
    def outputs(self) -> tuple[Path, ...]:
        """Return every file that will be written."""
        return (self.output,) if self.uncertainty is None else (self.output, self.uncertainty)


def plan_jobs(sources: Sequence[Path], output: str, uncertainty: str | None) -> tuple[Job, ...]:
    """Return one job per picture.

    ``output`` is a folder if several pictures are given, if it is one already or if it ends in a slash;
    results in a folder keep the names of the pictures. ``uncertainty`` follows the same rule.

    Raises :class:`typer.BadParameter` (wrong usage) where a result would replace a picture that is
    restored or another result.
    """
    several = len(sources) > 1
    jobs = tuple(
        Job(
            source=source,
            output=_target(output, source.name, several=several),
            uncertainty=None
            if uncertainty is None
            else _target(uncertainty, source.stem + HEAT_MAP_SUFFIX, several=several),
        )
        for source in sources
    )
    _check_distinct(jobs)
    return jobs


def create_folders(sources: Sequence[Path], *targets: str | None) -> None:
    """Create the folders that the targets of the command line mean.

    Raises :class:`OutputError` where one cannot be created.
    """
    for target in targets:
        if target is not None and _is_folder(target, several=len(sources) > 1):
            try:
                Path(target).mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise OutputError(f"cannot create the folder {target}: {error.strerror}") from error


def check_free(path: Path, *, overwrite: bool) -> None:
    """Raise :class:`OutputError` where a file exists that may not be replaced."""
    if not overwrite and os.path.lexists(path):
        raise OutputError(f"{path} exists already: choose another output or add --overwrite")


def _is_folder(target: str, *, several: bool) -> bool:
    """Tell whether a target given on the command line means a folder."""
    separators = tuple(separator for separator in (os.sep, os.altsep) if separator)
    return several or target.endswith(separators) or Path(target).is_dir()


def _target(target: str, name: str, *, several: bool) -> Path:
    return Path(target) / name if _is_folder(target, several=several) else Path(target)


def _check_distinct(jobs: tuple[Job, ...]) -> None:
    sources = {_identity(job.source): job.source for job in jobs}
    taken: dict[Path, Path] = {}
    for job in jobs:
        for path in job.outputs:
            identity = _identity(path)
            if identity in sources:
                raise typer.BadParameter(f"{path} is an input and would be replaced: choose another output")
            if identity in taken:
                raise typer.BadParameter(f"{path} would hold two results, of {taken[identity]} and {job.source}")
            taken[identity] = job.source


def _identity(path: Path) -> Path:
    """Return what two names of the same file share: the path with symbolic links followed."""
    return Path(os.path.realpath(path))
