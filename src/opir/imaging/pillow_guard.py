"""Hold Pillow's process-wide decoding switches in the position that this package needs while it decodes.

Pillow's own bomb guard is a module variable: a warning at 89 megapixels, an error at 179, for everybody in the
process. The limit here is an argument, checked against the header before any pixel is decoded, so Pillow's guard
is lifted meanwhile. ``LOAD_TRUNCATED_IMAGES``, which other software in the process may have set, would turn half
a file into a gray picture without a word, so it is held off.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from PIL import Image, ImageFile


class _Switches:
    """Counts the users of the changed switches: the first one changes them, the last one puts them back."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._n_users = 0
        self._saved: tuple[int | None, bool] = (None, False)

    def enter(self) -> None:
        with self._lock:
            if self._n_users == 0:
                self._saved = (Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES)
                Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES = None, False
            self._n_users += 1

    def leave(self) -> None:
        with self._lock:
            self._n_users -= 1
            if self._n_users == 0:
                Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES = self._saved


_SWITCHES = _Switches()


@contextmanager
def strict_decoding() -> Iterator[None]:
    """Within this context Pillow has no pixel limit of its own and refuses truncated files; threads may overlap."""
    _SWITCHES.enter()
    try:
        yield
    finally:
        _SWITCHES.leave()
