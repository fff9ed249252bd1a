"""Reading one picture of a batch from bytes that are known by their digest."""

from __future__ import annotations

import io
from pathlib import Path
from typing import BinaryIO, Final

from opir.errors import ImageError, ImageTooLargeError, UnreadableImageError
from opir.imaging import DEFAULT_MAX_PIXELS, Photo, PhotoSequence, read_pictures
from opir.imaging.guard import check_file_size
from opir.imaging.header import read_header
from opir.imaging.signature import SIGNATURE_BYTES, recognise

_NAMELESS: Final = "picture: "
"""How :func:`read_photo` calls a picture that comes as bytes."""

_BLOCK_BYTES: Final = 1 << 24
"""What is read at once; what goes on behind the first block must begin like a picture."""

_BYTES_PER_WEIGHT: Final = 4
"""Bytes of a file that weigh as much as a pixel: one of three samples, its result and its expected error."""


def read_bytes(path: Path) -> bytes:
    """Return the content of a file.

    Raises:
        UnreadableImageError: if there is none that can be read.
        ImageError: as :func:`read_stream`.
    """
    try:
        if path.is_dir():
            raise UnreadableImageError(f"{path}: is a folder, not a picture")
        if path.exists() and not path.is_file():
            raise UnreadableImageError(f"{path}: is not a regular file")
        with path.open("rb") as stream:
            return read_stream(stream, str(path))
    except FileNotFoundError as error:
        raise UnreadableImageError(f"{path}: there is no such file") from error
    except PermissionError as error:
        raise UnreadableImageError(f"{path}: no permission to read it") from error
    except (OSError, ValueError) as error:
        raise UnreadableImageError(f"{path}: cannot be read ({_reason(error)})") from error


def read_stream(stream: BinaryIO, name: str) -> bytes:
    """Return what a stream holds, a file or a pipe that may never end; errors begin with its name.

    Raises:
        ImageTooLargeError: if it holds more than the largest picture can need, or more than there is memory for.
        UnreadableImageError: if it is large and does not begin like a picture, or reading fails.
        UnsupportedImageError: if it is large and begins like a picture of a kind that is not handled.
    """
    content = io.BytesIO()
    try:
        while block := stream.read(_BLOCK_BYTES):
            content.write(block)
            if len(block) == _BLOCK_BYTES == content.tell():  # more may follow
                recognise(block[:SIGNATURE_BYTES])
            check_file_size(content.tell(), DEFAULT_MAX_PIXELS)
        return content.getvalue()
    except ImageError as error:
        raise type(error)(f"{name}: {error}") from error
    except MemoryError as error:
        raise ImageTooLargeError(f"{name}: there is not enough memory to read it") from error
    except OSError as error:
        raise UnreadableImageError(f"{name}: cannot be read ({_reason(error)})") from error


def decode(data: bytes, path: Path) -> Photo | PhotoSequence:
    """Return the photo, or the frames or pages, that the bytes of a file hold; errors name the file."""
    try:
        return read_pictures(data)
    except ImageError as error:
        raise type(error)(f"{path}: {str(error).removeprefix(_NAMELESS)}") from error.__cause__


def n_pixels_of(path: Path) -> int:
    """Return the number of pixels that a file's header announces, 0 where it cannot be told."""
    try:
        if not path.is_file():  # a pipe without a writer would never open
            return 0
        with path.open("rb") as stream:
            size = read_header(stream).size
    except (OSError, ValueError, ImageError):
        return 0
    return 0 if size is None else size[0] * size[1]


def weight_of(path: Path) -> int:
    """Return how much memory a picture takes on its way through a batch [pixels].

    That of its pixels, or of its file where that is larger than they explain.
    """
    try:
        n_bytes = path.stat().st_size if path.is_file() else 0
    except (OSError, ValueError):
        n_bytes = 0
    return max(n_pixels_of(path), n_bytes // _BYTES_PER_WEIGHT)


def _reason(error: Exception) -> str:
    return error.strerror if isinstance(error, OSError) and error.strerror else str(error)
