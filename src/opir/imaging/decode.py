"""Read a picture from a file, from bytes, from a Pillow image or from an array.

Handled: PNG, JPEG, WebP, TIFF, BMP, PPM, AVIF and GIF, and with extras HEIC, camera raw and JPEG XL; 8 and 16 bits per
channel, floating-point TIFF; gray or RGB, each with or without transparency, palettes, single bits; CMYK and Lab are
converted to sRGB and the photo's notes say so. Everything else is refused by name; nothing is reduced or dropped in
silence. Of a JPEG with several images inside (previews, gain maps, stereo pairs) the main one is read.
"""

from __future__ import annotations

from typing import BinaryIO, Final

import numpy as np
from PIL import Image

from opir.errors import ConfigurationError, UnreadableImageError, UnsupportedImageError
from opir.imaging.arrays import photo_from_array
from opir.imaging.decode_file import SEVERAL, check_header, photo_of, read_picture
from opir.imaging.frames import PhotoSequence, read_sequence
from opir.imaging.guard import check_size, decoding, reason
from opir.imaging.header import Header, read_header
from opir.imaging.modes import check_mode
from opir.imaging.photo import Photo
from opir.imaging.source import Source, named, opened, stream_behind
from opir.imaging.tiff_header import read_pages

DEFAULT_MAX_PIXELS: Final = 300_000_000
"""The pixel limit unless told otherwise: more than the largest cameras make, 0.9 GB decoded at 8 bits."""


def read_photo(source: Source, *, max_pixels: int = DEFAULT_MAX_PIXELS) -> Photo:
    """Read one picture, upright, with its metadata.

    Args:
        source: a path; the bytes of a file; a Pillow image of one frame, left as it is; or an array
            (H, W), (H, W, 1), (H, W, 3) or (H, W, 4): uint8, uint16, or float32 in [0, 1].
        max_pixels: the largest allowed width × height. It is checked before anything is decoded, and takes the
            place of Pillow's own guard against decompression bombs.

    Returns:
        The photo: encoded values as in the file, orientation applied.

    Raises:
        UnreadableImageError: if the file is missing, empty, truncated, damaged or not a picture.
        UnsupportedImageError: if it has several frames, or a format, depth or colour model that is not handled.
        MissingDecoderError: (one of these) if it needs an extra; the message says how to install it.
        ImageTooLargeError: if it has more than ``max_pixels`` pixels.
        ShapeError: if an array has another shape, dtype or range.
        ConfigurationError: if ``max_pixels`` is not positive.

    Every message is one line and starts with the path, or with "picture" where there is none.
    """
    found = _read(source, max_pixels, several=False)
    assert isinstance(found, Photo)
    return found


def read_pictures(source: Source, *, max_pixels: int = DEFAULT_MAX_PIXELS) -> Photo | PhotoSequence:
    """Read all pictures of a file: a photo, or the frames of an animation or the pages of a TIFF file.

    As :func:`read_photo`; ``max_pixels`` is the limit of all frames together.
    """
    return _read(source, max_pixels, several=True)


def _read(source: Source, max_pixels: int, *, several: bool) -> Photo | PhotoSequence:
    if max_pixels < 1:
        raise ConfigurationError(f"max_pixels must be at least 1; got {max_pixels}")
    with named(source):
        if isinstance(source, np.ndarray):
            photo = photo_from_array(source)
            check_size((photo.width, photo.height), max_pixels)
            return photo
        if not isinstance(source, Image.Image):
            with opened(source, max_pixels) as stream:
                return _read_stream(stream, max_pixels, several=several)
        stream_of_image = stream_behind(source)
        if stream_of_image is None:
            return _read_loaded(source, max_pixels)
        position = stream_of_image.tell()
        try:
            return _read_stream(stream_of_image, max_pixels, several=several)
        finally:
            stream_of_image.seek(position)


def _read_stream(stream: BinaryIO, max_pixels: int, *, several: bool) -> Photo | PhotoSequence:
    """Read the seekable stream of a whole file."""
    header = _header_of(stream)
    check_header(header, max_pixels)
    if header.format == "TIFF":
        pages = read_pages(stream)
        if len(pages) == 1:
            return read_picture(stream, pages[0], max_pixels)
    elif not header.is_animated:
        return read_picture(stream, header, max_pixels)
    if not several:
        raise UnsupportedImageError(SEVERAL)
    return read_sequence(stream, header, max_pixels)


def _header_of(stream: BinaryIO) -> Header:
    try:
        return read_header(stream)
    except OSError as error:
        raise UnreadableImageError(f"cannot be read ({reason(error)})") from error


def _read_loaded(image: Image.Image, max_pixels: int) -> Photo:
    """Take over a Pillow image without a file behind it: its current frame, loaded but otherwise left as it is."""
    with decoding("the image"):
        check_size(image.size, max_pixels)
        if image.format != "MPO" and getattr(image, "is_animated", False):
            raise UnsupportedImageError(SEVERAL)
        check_mode(image)
        image.load()
        return photo_of(image, None)
