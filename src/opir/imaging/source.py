"""What a picture can be read from, opened as a seekable stream."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile

from opir.errors import ImageError, UnreadableImageError
from opir.imaging.formats import FORMATS, READ_ONLY_FORMATS
from opir.imaging.guard import check_file_size, reason

Source: TypeAlias = Path | str | bytes | Image.Image | NDArray[np.generic]
"""What a picture can be read from: a path, the bytes of a file, a Pillow image or an array."""


@contextmanager
def named(source: Source) -> Iterator[None]:
    """Put the name of the source in front of every message about its picture."""
    try:
        yield
    except ImageError as error:
        name = source if isinstance(source, Path | str) else "picture"
        raise type(error)(f"{name}: {error}") from error.__cause__


@contextmanager
def opened(source: Path | str | bytes, max_pixels: int) -> Iterator[BinaryIO]:
    """Open a path or bytes as a seekable stream.

    Raises:
        UnreadableImageError: if there is no such file, or none that can be read.
        ImageTooLargeError: if the file is larger than a picture of so many pixels can need.
    """
    if isinstance(source, bytes):
        yield io.BytesIO(source)
        return
    with _open(Path(source)) as stream:
        check_file_size(os.fstat(stream.fileno()).st_size, max_pixels)
        yield stream


def stream_behind(image: Image.Image) -> BinaryIO | None:
    """The stream of an image that has been opened but not loaded, at its first frame; None for all others."""
    stream = getattr(image, "fp", None)
    known = (*FORMATS, *READ_ONLY_FORMATS, "MPO")
    if not isinstance(image, ImageFile.ImageFile) or image.format not in known or stream is None:
        return None
    return cast(BinaryIO, stream) if image.tile and image.tell() == 0 else None


def _open(path: Path) -> BinaryIO:
    try:
        if path.is_dir():
            raise UnreadableImageError("is a folder, not a picture")
        if path.exists() and not path.is_file():
            raise UnreadableImageError("is not a regular file")
        return path.open("rb")
    except FileNotFoundError as error:
        raise UnreadableImageError("there is no such file") from error
    except PermissionError as error:
        raise UnreadableImageError("no permission to read it") from error
    except (OSError, ValueError) as error:
        raise UnreadableImageError(f"cannot be opened ({reason(error)})") from error
