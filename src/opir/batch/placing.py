"""Putting a result into place: complete or not at all, and without leftovers that a second try would not clear."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from opir.imaging.atomic import write_atomically


def place(path: Path, data: bytes) -> None:
    """Write ``data`` to a temporary file beside ``path``, then move it there.

    The temporary file's name depends on the name of ``path`` alone: if the process is killed in between, the next
    try takes the same name, so that nothing is left over. Two processes must therefore not write the same file;
    :class:`opir.batch.manifest.Manifest` sees to that. The permissions of a file that is replaced are kept.

    Raises:
        OutputError: if the folder is write-protected, the disk is full, or the move fails.
    """
    write_atomically(path, data, temporary=temporary_path(path), keep_mode=True)


def temporary_path(path: Path) -> Path:
    """Return where the content of ``path`` is collected; short, however long the name is."""
    return path.parent / f".opir-{hashlib.sha256(os.fsencode(path.name)).hexdigest()[:16]}.part"
