"""Turn whatever a decoder raises on a damaged or oversized file into an error of the package."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from PIL import UnidentifiedImageError

from opir.errors import ImageTooLargeError, OpirError, UnreadableImageError
from opir.imaging.pillow_guard import strict_decoding

DECODER_FAILURES: Final = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    BufferError,
    EOFError,
    LookupError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)
"""What Pillow's, tifffile's and other decoders raise on damaged files."""

_BYTES_PER_PIXEL: Final = 16
_BYTES_BESIDE_PIXELS: Final = 64 * 1024**2


@contextmanager
def decoding(what: str) -> Iterator[None]:
    """Within this context a decoder works on ``what`` ("the PNG file"), with Pillow's switches held as we need them.

    Raises:
        UnreadableImageError: for every failure of the decoder.
        ImageTooLargeError: where memory runs out.
    """
    with strict_decoding():
        try:
            yield
        except OpirError:
            raise
        except MemoryError as error:
            raise ImageTooLargeError("there is not enough memory to decode it") from error
        except UnidentifiedImageError as error:
            raise UnreadableImageError(f"{what} is damaged or cut off") from error
        except DECODER_FAILURES as error:
            raise UnreadableImageError(f"{what} is damaged or cut off ({reason(error)})") from error


def reason(error: BaseException) -> str:
    """The first line of another library's message."""
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return " ".join(text.split())[:200] or type(error).__name__


def check_size(size: tuple[int, int], max_pixels: int, *, n_frames: int = 1) -> None:
    """Raise :class:`ImageTooLargeError` if (width, height), times the number of frames, is beyond the limit."""
    width, height = size
    if width * height * n_frames > max_pixels:
        times = f" × {n_frames} frames" if n_frames > 1 else ""
        raise ImageTooLargeError(
            f"has {width} × {height}{times} = {width * height * n_frames / 1e6:.1f} megapixels and the limit is "
            f"{max_pixels / 1e6:.1f}: raise max_pixels, or make it smaller"
        )


def check_file_size(n_bytes: int, max_pixels: int) -> None:
    """Raise :class:`ImageTooLargeError` if a file is larger than any picture within the limit can need.

    That is four samples of 32 bits per pixel without any compression, and 64 MiB for all else.
    """
    largest = _BYTES_PER_PIXEL * max_pixels + _BYTES_BESIDE_PIXELS
    if n_bytes > largest:
        raise ImageTooLargeError(
            f"is a file of more than {largest / 1e6:.0f} MB, which is more than a picture of {max_pixels / 1e6:.1f} "
            "megapixels can need: cut off what does not belong to the picture, or make it smaller"
        )
