"""The names below one folder; every directory is read once, and never trusted to come in order."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

from opir.data.pairs import PICTURE_SUFFIXES, natural_key
from opir.errors import DatasetError, DatasetNotFoundError


class Listing:
    """Sorted directory contents below ``root``, addressed by relative paths with forward slashes.

    Raises:
        DatasetNotFoundError: if ``root`` is not a folder.
    """

    def __init__(self, root: Path) -> None:
        if not root.is_dir():
            state = "is a file" if root.exists() else "does not exist"
            raise DatasetNotFoundError(f"a data set must be a folder; {root} {state}")
        self.root = root
        self._known: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {}

    def folders(self, folder: str = "") -> tuple[str, ...]:
        """Names of the folders in ``folder``, in natural order."""
        return self._read(folder)[0]

    def pictures(self, folder: str = "") -> tuple[str, ...]:
        """Names of the files in ``folder`` that look like pictures, in natural order."""
        names = self._read(folder)[1]
        return tuple(name for name in names if PurePosixPath(name).suffix.lower() in PICTURE_SUFFIXES)

    def files(self, folder: str = "") -> tuple[str, ...]:
        """Names of all files in ``folder``, in natural order."""
        return self._read(folder)[1]

    def find_folder(self, path: str) -> str | None:
        """The folder ``path`` as it is really spelt (case is ignored), or None."""
        found = ""
        for part in PurePosixPath(path).parts:
            same = [name for name in self.folders(found) if name.casefold() == part.casefold()]
            if not same:
                return None
            found = join(found, same[0])
        return found

    def _read(self, folder: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        if folder not in self._known:
            folders: list[str] = []
            files: list[str] = []
            try:
                with os.scandir(self.root / folder) as entries:
                    for entry in entries:
                        if not entry.name.startswith((".", "__MACOSX")):
                            (folders if entry.is_dir() else files).append(entry.name)
            except OSError as error:
                raise DatasetError(f"{self.root / folder} cannot be listed: {error.strerror}") from error
            self._known[folder] = (
                tuple(sorted(folders, key=natural_key)),
                tuple(sorted(files, key=natural_key)),
            )
        return self._known[folder]


def join(folder: str, name: str) -> str:
    """``folder/name``; the empty string is the root."""
    return f"{folder}/{name}" if folder else name
