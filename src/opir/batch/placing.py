"""Putting a result into place: complete or not at all, and without leftovers that a second try would not clear."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from pathlib import Path

from opir.errors import OutputError


def place(path: Path, data: bytes) -> None:
    """Write ``data`` to a temporary file beside ``path``, then move it there.

    The temporary file's name depends on the name of ``path`` alone: if the process is killed in between, the next
    try takes the same name, so that nothing is left over. Two processes must therefore not write the same file;
    :class:`opir.batch.manifest.Manifest` sees to that. The permissions of a file that is replaced are kept.

    Raises:
        OutputError: if the folder is write-protected, the disk is full, or the move fails.
    """
    temporary = temporary_path(path)
    try:
        temporary.unlink(missing_ok=True)
        with temporary.open("xb") as stream:  # never through a link that somebody left under the known name
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        with contextlib.suppress(FileNotFoundError):
            shutil.copymode(path, temporary)
        temporary.replace(path)
    except (OSError, ValueError) as error:
        _remove(temporary)
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise OutputError(f"{path}: cannot be written ({reason})") from error
    except BaseException:
        _remove(temporary)
        raise


def temporary_path(path: Path) -> Path:
    """Return where the content of ``path`` is collected; short, however long the name is."""
    return path.parent / f".opir-{hashlib.sha256(os.fsencode(path.name)).hexdigest()[:16]}.part"


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError, ValueError):
        path.unlink()
