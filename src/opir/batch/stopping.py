"""Ctrl-C and SIGTERM: the first finishes what is under way, the second ends the process at once."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Final

INTERRUPTED: Final = 130
"""Exit code of an interrupted run: 128 + SIGINT, as shells have it."""

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


class StopRequest:
    """A context in which the two signals ask to stop instead of interrupting whatever runs.

    Python runs signal handlers between two steps of the main thread, which may be busy in the network for minutes.
    So the signals are passed on to a thread of their own, which sees them at once. Outside the main thread, where
    signals cannot be handled, nobody asks to stop.
    """

    def __init__(self, on_request: Callable[[], None] = lambda: None) -> None:
        """Remember whom to tell about the first request; called from another thread."""
        self._on_request = on_request
        self._requested = threading.Event()
        self._installed = False

    def __call__(self) -> bool:
        """Tell whether somebody asked to stop."""
        return self._requested.is_set()

    def wait(self, seconds: float) -> bool:
        """Wait until somebody asks to stop, at most for this time; tell whether somebody did."""
        return self._requested.wait(seconds)

    def __enter__(self) -> StopRequest:
        """Take over the signals."""
        if threading.current_thread() is not threading.main_thread():
            return self
        self._receiver, self._sender = socket.socketpair()
        self._sender.setblocking(False)
        self._handlers = {number: signal.signal(number, _do_nothing) for number in _SIGNALS}
        self._wakeup = signal.set_wakeup_fd(self._sender.fileno(), warn_on_full_buffer=False)
        self._thread = threading.Thread(target=self._listen, name="opir-signals", daemon=True)
        self._thread.start()
        self._installed = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give the signals back to whoever handled them before."""
        if not self._installed:
            return
        signal.set_wakeup_fd(self._wakeup)
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        self._sender.close()
        self._thread.join()
        self._receiver.close()
        self._installed = False

    def _listen(self) -> None:
        """Read the numbers of the signals that arrive, until the other end is closed."""
        while numbers := self._receiver.recv(16):
            for number in numbers:
                if number not in _SIGNALS:
                    continue
                if self._requested.is_set():
                    os._exit(INTERRUPTED)
                self._requested.set()
                self._on_request()


def _do_nothing(number: int, frame: FrameType | None) -> None:
    """Stand in for Python's own handler, which would raise."""
