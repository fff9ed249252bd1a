"""Read a picture from a file, from bytes, from a Pillow image or from an array.

Handled: PNG, JPEG, WebP, TIFF, BMP and PPM with 8 bits per channel or less, one frame; gray or RGB, each with or
without transparency. Everything else is refused by name; nothing is reduced or dropped in silence.
Of a JPEG with several images inside (previews, gain maps, stereo pairs) the main one is read.
"""

from __future__ import annotations

import io
import logging
import struct
import zlib
from pathlib import Path
from typing import BinaryIO, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile, UnidentifiedImageError

from opir.errors import (
    ConfigurationError,
    ImageError,
    ImageTooLargeError,
    UnreadableImageError,
    UnsupportedImageError,
)
from opir.imaging.arrays import photo_from_array
from opir.imaging.formats import FORMATS
from opir.imaging.header import Header, read_header
from opir.imaging.metadata import read_metadata
from opir.imaging.modes import arrays_of, check_mode
from opir.imaging.orientation import UPRIGHT, turn_upright
from opir.imaging.photo import Photo
from opir.imaging.pillow_guard import strict_decoding
from opir.imaging.png_rescue import without_metadata

Source: TypeAlias = Path | str | bytes | Image.Image | NDArray[np.generic]
"""What a picture can be read from: a path, the bytes of a file, a Pillow image or an array."""

DEFAULT_MAX_PIXELS = 300_000_000
"""The pixel limit unless told otherwise: more than the largest cameras make, 0.9 GB decoded."""

_LOG = logging.getLogger(__name__)

_DECODER_FAILURES = (
    ArithmeticError,
    AttributeError,
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
"""What Pillow's decoders raise on damaged files."""


def read_photo(source: Source, *, max_pixels: int = DEFAULT_MAX_PIXELS) -> Photo:
    """Read one picture, upright, with its metadata.

    Args:
        source: a path; the bytes of a file; a Pillow image, which is loaded but otherwise left as it is; or a uint8
            array (H, W), (H, W, 1), (H, W, 3) or (H, W, 4).
        max_pixels: the largest allowed width × height. It is checked before anything is decoded, and takes the
            place of Pillow's own guard against decompression bombs.

    Returns:
        The photo: encoded values as in the file, orientation applied.

    Raises:
        UnreadableImageError: if the file is missing, empty, truncated, damaged or not a picture.
        UnsupportedImageError: if it has more than 8 bits per channel, several frames, or a format or colour model
            that is not handled.
        ImageTooLargeError: if it has more than ``max_pixels`` pixels.
        ShapeError: if an array has another shape or dtype.
        ConfigurationError: if ``max_pixels`` is not positive.

    Every message is one line and starts with the path, or with "picture" where there is none.
    """
    if max_pixels < 1:
        raise ConfigurationError(f"max_pixels must be at least 1; got {max_pixels}")
    if isinstance(source, np.ndarray):
        photo = photo_from_array(source)
        _check_size((photo.width, photo.height), max_pixels)
        return photo
    try:
        if isinstance(source, Image.Image):
            return _read_image(source, max_pixels)
        if isinstance(source, bytes):
            return _read_stream(io.BytesIO(source), max_pixels)
        with _open(Path(source)) as stream:
            return _read_stream(stream, max_pixels)
    except ImageError as error:
        name = source if isinstance(source, Path | str) else "picture"
        raise type(error)(f"{name}: {error}") from error.__cause__


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
        raise UnreadableImageError(f"cannot be opened ({_reason(error)})") from error


def _read_stream(stream: BinaryIO, max_pixels: int) -> Photo:
    """Read a picture from the seekable stream of a whole file."""
    try:
        header = read_header(stream)
    except OSError as error:
        raise UnreadableImageError(f"cannot be read ({_reason(error)})") from error
    _check_header(header, max_pixels)
    with strict_decoding():
        try:
            image = _decode(stream, header, max_pixels)
        except UnreadableImageError as error:
            if header.format != "PNG":
                raise
            image = _decode_bare_png(stream, header, max_pixels, error)
    return _photo_of(image, header)


def _decode_bare_png(
    stream: BinaryIO, header: Header, max_pixels: int, first_error: UnreadableImageError
) -> ImageFile.ImageFile:
    """Try a PNG again without its metadata, which must not fail the picture; raise the first error if that fails."""
    stream.seek(0)
    bare = io.BytesIO(without_metadata(stream.read()))
    try:
        image = _decode(bare, header, max_pixels)
    except UnreadableImageError:
        raise first_error from first_error.__cause__
    _LOG.warning("the metadata of a PNG file are damaged and were left out (%s)", first_error)
    return image


def _decode(stream: BinaryIO, header: Header, max_pixels: int) -> ImageFile.ImageFile:
    stream.seek(0)
    try:
        image = Image.open(stream, formats=(header.format,))
        _load(image, max_pixels)
    except MemoryError as error:
        raise ImageTooLargeError("there is not enough memory to decode it") from error
    except UnidentifiedImageError as error:
        raise UnreadableImageError(f"the {header.format} file is damaged or cut off") from error
    except _DECODER_FAILURES as error:
        raise UnreadableImageError(f"the {header.format} file is damaged or cut off ({_reason(error)})") from error
    if header.format == "PNG" and "transparency" in image.info and image.mode == "L":
        _scale_gray_key(image, header.bits or 8)
    return image


def _load(image: Image.Image, max_pixels: int) -> None:
    """Check what could not be seen in the header, then decode the pixels."""
    _check_size(image.size, max_pixels)
    # A JPEG with further images inside is called MPO; its first one is the photo.
    if image.format != "MPO" and getattr(image, "is_animated", False):
        raise UnsupportedImageError(
            "holds several pictures (an animation or pages); save the wanted one as a single picture"
        )
    check_mode(image)
    image.load()


def _scale_gray_key(image: Image.Image, bits: int) -> None:
    """Bring the transparent gray of a 2-bit or 4-bit PNG to the scale 0..255, which Pillow does not do."""
    key = image.info["transparency"]
    if isinstance(key, int) and bits in (2, 4):
        image.info["transparency"] = key * 255 // (2**bits - 1)


def _read_image(image: Image.Image, max_pixels: int) -> Photo:
    """Take over a Pillow image; if it has not been loaded yet, its file's header is checked as well."""
    try:
        header = _header_of(image)
        if header is not None:
            _check_header(header, max_pixels)
        with strict_decoding():
            _load(image, max_pixels)
    except _DECODER_FAILURES as error:
        raise UnreadableImageError(f"the image cannot be loaded ({_reason(error)})") from error
    return _photo_of(image, header)


def _header_of(image: Image.Image) -> Header | None:
    """The header of the file behind an image that has been opened but not loaded; None for all others."""
    stream = getattr(image, "fp", None)
    if not isinstance(image, ImageFile.ImageFile) or image.format not in FORMATS or stream is None:
        return None
    position = stream.tell()
    header = read_header(cast(BinaryIO, stream))
    stream.seek(position)
    return header


def _photo_of(image: Image.Image, header: Header | None) -> Photo:
    metadata, orientation = read_metadata(image, turned_by=header.orientation if header else UPRIGHT)
    pixels, alpha = arrays_of(image)
    name = "JPEG" if image.format == "MPO" else image.format
    return Photo(
        pixels=turn_upright(pixels, orientation),
        alpha=None if alpha is None else turn_upright(alpha, orientation),
        metadata=metadata,
        source_format=name if name in FORMATS else None,
        source_is_lossy=header.is_lossy if header else name == "JPEG",
    )


def _check_header(header: Header, max_pixels: int) -> None:
    if header.size is not None:
        _check_size(header.size, max_pixels)
    if header.bits is not None and header.bits > 8:
        raise UnsupportedImageError(
            f"has {header.bits} bits per channel; only 8 are handled yet, and fewer bits mean lost tones: "
            "convert it to 8 bits first if that is acceptable"
        )
    if header.is_animated:
        raise UnsupportedImageError("is an animation; save the wanted frame as a single picture")


def _check_size(size: tuple[int, int], max_pixels: int) -> None:
    width, height = size
    if width * height > max_pixels:
        raise ImageTooLargeError(
            f"has {width} × {height} = {width * height / 1e6:.1f} megapixels and the limit is "
            f"{max_pixels / 1e6:.1f}: raise max_pixels, or make it smaller"
        )


def _reason(error: BaseException) -> str:
    """The first line of another library's message."""
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return " ".join(text.split())[:200] or type(error).__name__
