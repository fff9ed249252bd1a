"""A lock on a folder that ends with its process, however that ends."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

from opir.errors import OutputError


class FolderLock:
    """Keeps a second process from writing results into the same folder.

    The lock is advisory and lies on the folder itself, so it leaves no file behind. Where the system has no such
    locks (Windows, some network drives) it does nothing.
    """

    def __init__(self, folder: Path) -> None:
        """Name the folder; it must exist when the lock is acquired."""
        self._folder = folder
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Take the lock.

        Raises:
            OutputError: if another process holds it.
        """
        if sys.platform == "win32":
            return
        import fcntl

        try:
            descriptor = os.open(self._folder, os.O_RDONLY)
        except OSError:
            return
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(descriptor)
            if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
                raise OutputError(f"another opir is at work in {self._folder}: wait for it or stop it first") from error
            return
        self._descriptor = descriptor

    def release(self) -> None:
        """Give the lock back; nothing happens where it is not held."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
