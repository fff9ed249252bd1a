"""Ctrl-C and SIGTERM as a wish to stop: the first lets the step end, the second stops at once."""

from __future__ import annotations

import math
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

INTERRUPTED: Final = 130
"""Exit code of an interrupted command: 128 + SIGINT, as shells have it."""

_NOTICE = b"opir: stopping with a checkpoint after this step; once more stops at once\n"

_LAUNCHED: Final = "TORCHELASTIC_RUN_ID"
"""Set in the processes that ``torchrun`` starts."""

_RELAY_SECONDS: Final = 2.0
"""``torchrun`` passes on a Ctrl-C that its processes have had from the terminal too; both come within this time."""


@contextmanager
def stop_requests() -> Iterator[Callable[[], bool]]:
    """Catch SIGINT and SIGTERM while the block runs; yields what to ask whether one has come.

    A second signal raises KeyboardInterrupt, unless it is the first one passed on by ``torchrun``. Outside the main
    thread no signal can be caught: nothing is changed.
    """
    n_asked = 0
    last = -_RELAY_SECONDS
    owner = os.getpid()

    def on_signal(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the signature of handlers
        nonlocal n_asked, last
        if os.getpid() != owner:  # a forked worker: the training process decides when to stop, but may end it
            if number == signal.SIGTERM:
                os._exit(128 + number)
            return
        before_that, last = last, time.monotonic()
        if n_asked and _LAUNCHED in os.environ and last - before_that < _RELAY_SECONDS:
            return
        n_asked += 1
        if n_asked > 1:
            raise KeyboardInterrupt
        os.write(2, _NOTICE)  # a handler must not print: it may interrupt another print

    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    before = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: n_asked > 0
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def until(minutes: float | None, asked_to_stop: Callable[[], bool]) -> Callable[[], bool]:
    """Return what to ask whether to keep going: until somebody asks to stop, or ``minutes`` from now have passed."""
    deadline = math.inf if minutes is None else time.monotonic() + 60 * minutes
    return lambda: not asked_to_stop() and time.monotonic() < deadline
