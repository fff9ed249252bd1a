"""Write a file so that its name holds either the old content or the whole new one, never a part."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

from opir.errors import OutputError


def write_atomically(path: Path, data: bytes) -> None:
    """Write ``data`` to a temporary file in the folder of ``path``, then move it to ``path``.

    The temporary file is removed whatever happens in between, an interruption by the user included.

    Raises:
        OutputError: if the folder is missing or write-protected, the disk is full, or the move fails.
    """
    temporary = path.parent / f".opir-{secrets.token_hex(8)}.part"
    try:
        with temporary.open("xb") as stream:  # created with the user's own permission mask
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    except (OSError, ValueError) as error:
        _remove(temporary)
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise OutputError(f"{path}: cannot be written ({reason})") from error
    except BaseException:
        _remove(temporary)
        raise


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError, ValueError):
        path.unlink()
