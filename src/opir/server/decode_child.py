"""One decoding process, seen from the server."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import IO, Final, TypeVar

from opir.server.decode_frames import BrokenFrameError, Operation, write_request

WALL_SECONDS: Final = 60.0
"""Time for one file [s], after which the process is killed."""

_PASSED_ON: Final = ("PATH", "HOME", "LANG", "LD_LIBRARY_PATH", "PYTHONHOME", "PYTHONPATH", "SYSTEMROOT", "TMPDIR")
"""Environment variables that the process gets; a token is not among them."""

COMMAND: Final = (sys.executable, "-P", "-m", "opir.server.decode_process")
"""How the process is started; ``-P`` keeps the current folder out of its way."""

_Answer = TypeVar("_Answer")


class DecodeChild:
    """A running ``opir.server.decode_process``; for one thread at a time."""

    def __init__(self, *, max_pixels: int, max_body_bytes: int) -> None:
        environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        self._process = subprocess.Popen(
            [*COMMAND, str(max_pixels), str(max_body_bytes)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # it may quote what it found in a picture
            env=environment | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
            start_new_session=True,  # Ctrl-C is for the server, which finishes what it is doing
        )
        self.n_asked = 0

    def ask(self, operation: Operation, data: bytes, read: Callable[[IO[bytes]], _Answer]) -> _Answer:
        """Send a file and read the answer.

        Raises :class:`BrokenFrameError` if the process died or was killed because it took too long, and what
        ``read`` raises.
        """
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            raise BrokenFrameError("the process has no pipes")
        self.n_asked += 1
        killer = threading.Timer(WALL_SECONDS, self._process.kill)
        killer.daemon = True
        killer.start()
        try:
            write_request(stdin, operation, data)
            return read(stdout)
        except OSError as error:
            raise BrokenFrameError("the decoding process ended") from error
        finally:
            killer.cancel()

    def close(self) -> None:
        """End the process and wait for it."""
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            try:
                if pipe is not None:
                    pipe.close()
            except OSError:  # what was still to be written cannot be any more
                continue
        self._process.wait()
