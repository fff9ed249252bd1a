"""A few decoding processes, started when they are needed and replaced when they die or have worked enough."""

from __future__ import annotations

import queue
from collections.abc import Callable
from functools import partial
from typing import IO, Final, TypeVar

from opir.errors import ImageError, UnreadableImageError
from opir.imaging import Photo
from opir.server.decode_child import DecodeChild
from opir.server.decode_frames import BrokenFrameError, Operation, Probe, read_photo, read_probe

N_CHILDREN: Final = 2
"""One decodes the picture in work while the other looks at the headers of those that arrive."""

MAX_ASKED: Final = 200
"""Files after which a process is replaced, so that what libraries leak stays small."""

_Answer = TypeVar("_Answer")


class DecodePool:
    """Reads pictures in processes of their own; every method may be called from any thread."""

    def __init__(self, *, max_pixels: int, max_body_bytes: int, on_death: Callable[[], None] = lambda: None) -> None:
        """``on_death`` is called for every process that a picture brought down."""
        self._max_pixels, self._max_body_bytes, self._on_death = max_pixels, max_body_bytes, on_death
        self._slots: queue.LifoQueue[DecodeChild | None] = queue.LifoQueue()
        for _ in range(N_CHILDREN):
            self._slots.put(None)

    def warm_up(self) -> None:
        """Start a process, so that the first picture does not wait for it; raises OSError where none can start."""
        self._slots.put(self._slots.get() or self._new_child())

    def probe(self, data: bytes) -> Probe:
        """Read a file's header.

        Raises :class:`opir.errors.ImageError` if it is not a picture, not of a handled kind or too large.
        """
        return self._ask("probe", data, read_probe)

    def decode(self, data: bytes) -> Photo:
        """Read a picture; raises :class:`opir.errors.ImageError` if it is refused or cannot be decoded."""
        return self._ask("decode", data, partial(read_photo, max_pixels=self._max_pixels))

    def close(self) -> None:
        """End all processes; call it when nobody asks any more."""
        for _ in range(N_CHILDREN):
            child = self._slots.get()
            if child is not None:
                child.close()
            self._slots.put(None)

    def _ask(self, operation: Operation, data: bytes, read: Callable[[IO[bytes]], _Answer]) -> _Answer:
        child = self._slots.get()
        keep: DecodeChild | None = None
        try:
            child = child or self._new_child()
            answer = child.ask(operation, data, read)
            keep = child if child.n_asked < MAX_ASKED else None
        except ImageError:
            keep = child  # it is in good health, the file is not
            raise
        except BrokenFrameError as error:
            self._on_death()
            raise UnreadableImageError(
                "picture: cannot be decoded within the limits of time and memory, or brings the decoder down: "
                "it is damaged, or not made for being looked at"
            ) from error
        else:
            return answer
        finally:
            if child is not None and keep is None:
                child.close()
            self._slots.put(keep)

    def _new_child(self) -> DecodeChild:
        return DecodeChild(max_pixels=self._max_pixels, max_body_bytes=self._max_body_bytes)
