"""Which pictures are restored and where each result goes, decided and checked before any work starts."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from opir.batch.job import Job, identity
from opir.errors import ConfigurationError, OutputError
from opir.imaging.formats import FORMATS, READABLE_SUFFIXES, FormatName, format_of_path

HEAT_MAP_SUFFIX: Final = ".png"
"""Format of an uncertainty map that is named after its picture."""

FALLBACK_SUFFIX: Final = ".png"
"""Format of the result of a picture whose own format can be read but not written."""


class CollisionError(ConfigurationError):
    """A result would take the place of an original or of another result."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """Where results go."""

    path: Path
    """A folder, or the file of a single result."""
    is_folder: bool
    """Whether it is a folder: results in it keep the names and the tree of the pictures."""


def plan_jobs(
    inputs: Sequence[Path],
    output: Target | None,
    *,
    uncertainty: Target | None = None,
    format: FormatName | None = None,
) -> tuple[Job, ...]:
    """Return one job per picture, in the order of the inputs and sorted by name within a folder.

    Folders are searched for pictures at any depth (:func:`find_pictures`). The suffix of a result is that of its
    picture unless ``format`` asks for another or the picture's own cannot be written.

    Args:
        inputs: files and folders.
        output: where results go; None for the place of the originals.
        uncertainty: where maps of the expected error go, if they are wanted.
        format: file format of all results.

    Raises:
        CollisionError: if a result would replace a picture of the batch (but for ``output`` None) or another result.
        ConfigurationError: if there are several pictures and one file for the result, or ``format`` contradicts it.
    """
    folders = [target.path for target in (output, uncertainty) if target is not None and target.is_folder]
    found = [(path, name) for given in inputs for path, name in find_pictures(given, excluded=folders)]
    jobs = tuple(
        Job(
            source=source,
            output=_output(source, name, output, format),
            uncertainty=None
            if uncertainty is None
            else _placed(uncertainty, name.with_suffix(HEAT_MAP_SUFFIX), n_sources=len(found)),
            name=name.as_posix(),
        )
        for source, name in found
    )
    if output is not None and not output.is_folder and len(found) > 1:
        raise ConfigurationError(f"{len(found)} pictures cannot go into one file, {output.path}: name a folder")
    _check_distinct(jobs, in_place=output is None)
    return jobs


def find_pictures(given: Path, *, excluded: Sequence[Path] = ()) -> Iterator[tuple[Path, Path]]:
    """Yield (path, path below ``given``) of every picture in a folder, sorted; of a file, itself and its name.

    A file in a folder counts as a picture if its suffix is one of :data:`opir.imaging.READABLE_SUFFIXES`. Hidden
    files and folders, folders behind links and the excluded folders are passed over. What is given by name counts
    whatever it is: if it is no picture, reading it will tell.
    """
    if not given.is_dir():
        yield given, Path(given.name)
        return
    skipped = {identity(folder) for folder in excluded} - {identity(given)}
    for top, folders, files in os.walk(given):
        here = Path(top)
        folders[:] = sorted(n for n in folders if not n.startswith(".") and identity(here / n) not in skipped)
        for name in sorted(files):
            path = here / name
            if not name.startswith(".") and path.suffix.lower() in READABLE_SUFFIXES:
                yield path, path.relative_to(given)


def _output(source: Path, name: Path, output: Target | None, format: FormatName | None) -> Path:
    renamed = name.with_suffix(_suffix(name, format))
    if output is None:
        if renamed != name:
            raise ConfigurationError(
                f"{source} cannot be replaced by a {renamed.suffix} file: restore into another folder instead"
            )
        return source.resolve() if source.is_symlink() else source  # a link stays a link
    if output.is_folder:
        return output.path / renamed
    if format is not None and output.path.suffix.lower() not in FORMATS[format].suffixes:
        raise ConfigurationError(f"{output.path} is not named as a {format} file: leave one of the two out")
    return output.path


def _suffix(name: Path, format: FormatName | None) -> str:
    """Return the suffix of the result of a picture of this name."""
    suffix = name.suffix
    if format is not None:
        kind = FORMATS[format]
        return suffix if suffix.lower() in kind.suffixes else kind.suffixes[0]
    if suffix.lower() in READABLE_SUFFIXES:
        try:
            format_of_path(name)
        except OutputError:
            return FALLBACK_SUFFIX
    return suffix


def _placed(target: Target, name: Path, *, n_sources: int) -> Path:
    if target.is_folder:
        return target.path / name
    if n_sources > 1:
        raise ConfigurationError(f"{n_sources} maps cannot go into one file, {target.path}: name a folder")
    return target.path


def _check_distinct(jobs: tuple[Job, ...], *, in_place: bool) -> None:
    sources = {identity(job.source): job.source for job in jobs}
    taken: dict[str, Path] = {}
    for job in jobs:
        for path in job.outputs:
            key = identity(path)
            if key in sources and not (in_place and path is job.output):
                raise CollisionError(f"{path} is an input and would be replaced: choose another output")
            if key in taken:
                raise CollisionError(f"{path} would hold two results, of {taken[key]} and {job.source}")
            taken[key] = job.source
