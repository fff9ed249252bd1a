"""Write a file so that its name holds either the old content or the whole new one, never a part."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from pathlib import Path

from opir.errors import OutputError


def write_atomically(path: Path, data: bytes, *, temporary: Path | None = None, keep_mode: bool = False) -> None:
    """Write ``data`` to a temporary file in the folder of ``path``, then move it to ``path``.

    The temporary file is removed whatever happens in between, an interruption by the user included.

    Args:
        path: file to write.
        data: its content.
        temporary: the temporary file, in the same folder; what stands there is removed. None: a random name.
        keep_mode: whether the permissions of a file that is replaced are kept.

    Raises:
        OutputError: if the folder is missing or write-protected, the disk is full, or the move fails.
    """
    temporary = temporary or path.parent / f".opir-{secrets.token_hex(8)}.part"
    try:
        temporary.unlink(missing_ok=True)
        with temporary.open("xb") as stream:  # the user's own permission mask, and never through a link
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        if keep_mode:
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


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError, ValueError):
        path.unlink()
