"""The memory of a folder of results: one line of JSON per picture, written ahead of the result itself.

The line, with the digest of the result, is on the disk before the result takes its name. After a crash at any
moment every result in the folder is therefore known, and a line whose result is missing or different is no claim:
whoever resumes compares digests. A line that was cut off is passed over.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path
from types import TracebackType
from typing import Final

from opir.batch.digest import file_sha256
from opir.batch.entry import Entry
from opir.batch.folder_lock import FolderLock
from opir.batch.placing import place
from opir.errors import OutputError

MANIFEST_NAME: Final = "opir-manifest.jsonl"


class Manifest:
    """The manifest of one folder; a context in which no other process can write it.

    Entering creates the folder where it is missing and reads what is there, leaving puts the lines in order of
    their results and drops outdated ones, so that the same work always ends in the same bytes.
    """

    def __init__(self, folder: Path) -> None:
        """Name the folder of the results; nothing is read or written yet."""
        self.folder = folder
        self.path = folder / MANIFEST_NAME
        self._done: dict[str, Entry] = {}
        self._failed: dict[str, Entry] = {}
        self._written: set[tuple[str, str]] = set()
        self._mutex = threading.Lock()
        self._lock = FolderLock(folder)

    def __enter__(self) -> Manifest:
        """Lock the folder and read the manifest.

        Raises:
            OutputError: if the folder cannot be created, another process is at work in it, or the file is unreadable.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"cannot create the folder {self.folder}: {error.strerror}") from error
        self._lock.acquire()
        self.load()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Put the manifest in order and release the folder."""
        try:
            last = sorted([*self._done.values(), *self._failed.values()], key=lambda e: (e.output, e.error is not None))
            if last:
                place(self.path, "".join(f"{entry.to_json()}\n" for entry in last).encode())
        finally:
            self._lock.release()

    def load(self) -> None:
        """Read what earlier runs wrote, without locking or creating anything.

        Raises:
            OutputError: if the file is there and cannot be read.
        """
        for entry in _read(self.path):
            self._remember(entry)

    def find(self, output: Path) -> Entry | None:
        """Return the latest entry that claims a result, whatever failed since."""
        with self._mutex:
            return self._done.get(self.name_of(output))

    def add(self, entry: Entry) -> None:
        """Remember an entry, on the disk at once; it takes the place of an earlier one of the same result.

        Raises:
            OutputError: if it cannot be written.
        """
        with self._mutex:
            try:
                _append(self.path, entry.to_json())
            except OSError as error:
                raise OutputError(f"{self.path}: cannot be written ({error.strerror})") from error
            self._remember(entry)

    def name_of(self, path: Path) -> str:
        """Return a path below the folder with forward slashes; one elsewhere in full."""
        return path.relative_to(self.folder).as_posix() if path.is_relative_to(self.folder) else path.as_posix()

    def wrote(self, path: Path) -> bool:
        """Tell whether a file is, unchanged, something that a run into this folder wrote there."""
        digest = file_sha256(path)
        with self._mutex:
            return digest is not None and (self.name_of(path), digest) in self._written

    def _remember(self, entry: Entry) -> None:
        self._written.update(entry.digests.items())
        if entry.error is None:
            self._done[entry.output] = entry
            self._failed.pop(entry.output, None)
        else:
            self._failed[entry.output] = entry


def _read(path: Path) -> list[Entry]:
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise OutputError(f"{path}: cannot be read ({error.strerror})") from error
    entries = (Entry.from_json(line) for line in lines)
    return [entry for entry in entries if entry is not None]


def _append(path: Path, line: str) -> None:
    """Add a line and wait until it is on the disk; what a crash left of another line is closed first."""
    with path.open("ab+") as stream:
        end = stream.seek(0, os.SEEK_END)
        if end:
            stream.seek(end - 1)
            if stream.read(1) != b"\n":
                line = "\n" + line
        stream.write(f"{line}\n".encode())
        stream.flush()
        os.fsync(stream.fileno())
