"""The log of the server: one line per request, no names, no ids, no content.

Routes are logged as templates, since an id in a path opens a result. Of an unexpected error its type and where it
arose are logged, not its message, which may quote what was sent.
"""

from __future__ import annotations

import logging
import traceback
from typing import Final

LOG: Final = logging.getLogger("opir.server")


def log_request(method: str, route: str, status: int, seconds: float) -> None:
    """Note that a request has been answered."""
    LOG.info("%s %s %d %.3f s", method, route, status, seconds)


def log_internal(error: BaseException) -> None:
    """Note where an error arose that nobody foresaw."""
    frames = traceback.extract_tb(error.__traceback__)[-4:]
    places = " < ".join(f"{frame.filename}:{frame.lineno} {frame.name}" for frame in reversed(frames))
    LOG.error("internal error: %s at %s", type(error).__name__, places or "an unknown place")
