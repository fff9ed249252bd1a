"""Where the results go, as the command line says it: a file, or a folder; checked before any work starts."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from opir.errors import ConfigurationError, OutputError

if TYPE_CHECKING:
    from opir.batch.job import Job
    from opir.batch.plan import Target
    from opir.imaging.formats import FormatName


def plan_jobs(
    inputs: Sequence[Path],
    output: str | None,
    uncertainty: str | None,
    *,
    format: FormatName | None = None,
) -> tuple[Job, ...]:
    """Return one job per picture that the inputs name or hold.

    ``output`` is a folder if several pictures or a folder are given, if it is one already or if it ends in a slash;
    None puts results in the place of the originals. ``uncertainty`` follows the same rule.

    Raises :class:`typer.BadParameter` (wrong usage) where a result would replace a picture that is
    restored or another result, or the options contradict each other.
    """
    from opir.batch import plan

    try:
        return plan.plan_jobs(inputs, _target(output, inputs), uncertainty=_target(uncertainty, inputs), format=format)
    except ConfigurationError as error:
        raise typer.BadParameter(str(error)) from error


def create_folders(inputs: Sequence[Path], *targets: str | None) -> None:
    """Create the folders that the targets of the command line mean.

    Raises :class:`OutputError` where one cannot be created.
    """
    for target in targets:
        if target is not None and is_folder(target, inputs):
            try:
                Path(target).mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise OutputError(f"cannot create the folder {target}: {error.strerror}") from error


def check_free(path: Path, *, overwrite: bool) -> None:
    """Raise :class:`OutputError` where a file exists that may not be replaced."""
    if not overwrite and os.path.lexists(path):
        raise OutputError(f"{path} exists already: choose another output or add --overwrite")


def is_folder(target: str, inputs: Sequence[Path]) -> bool:
    """Tell whether a target given on the command line means a folder."""
    separators = tuple(separator for separator in (os.sep, os.altsep) if separator)
    several = len(inputs) > 1 or any(path.is_dir() for path in inputs)
    return several or target.endswith(separators) or Path(target).is_dir()


def _target(target: str | None, inputs: Sequence[Path]) -> Target | None:
    from opir.batch.plan import Target

    return None if target is None else Target(path=Path(target), is_folder=is_folder(target, inputs))
