"""Reading one picture of a batch from bytes that are known by their digest."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from opir.errors import ImageError, UnreadableImageError
from opir.imaging import Photo, PhotoSequence, read_pictures
from opir.imaging.header import read_header

_NAMELESS: Final = "picture: "
"""How :func:`read_photo` calls a picture that comes as bytes."""


def read_bytes(path: Path) -> bytes:
    """Return the content of a file.

    Raises:
        UnreadableImageError: if there is none that can be read.
    """
    try:
        if path.is_dir():
            raise UnreadableImageError(f"{path}: is a folder, not a picture")
        if path.exists() and not path.is_file():
            raise UnreadableImageError(f"{path}: is not a regular file")
        return path.read_bytes()
    except FileNotFoundError as error:
        raise UnreadableImageError(f"{path}: there is no such file") from error
    except PermissionError as error:
        raise UnreadableImageError(f"{path}: no permission to read it") from error
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise UnreadableImageError(f"{path}: cannot be read ({reason})") from error


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
