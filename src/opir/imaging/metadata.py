"""Collect profile, EXIF, XMP and resolution from an image that Pillow has opened.

Whatever is wrong with the metadata is logged and left out: it never fails the picture.
"""

from __future__ import annotations

import logging
import math
import struct
from collections.abc import Sequence

from PIL import Image
from PIL.TiffImagePlugin import TiffImageFile

from opir.imaging.exif import (
    DESCRIPTIVE_TAGS,
    EXIF_DIRECTORY,
    GPS_DIRECTORY,
    INTEROPERABILITY_DIRECTORY,
    exif_orientation,
    upright_exif,
    without_prefix,
)
from opir.imaging.orientation import UPRIGHT, swaps_axes, upright_xmp, xmp_orientation
from opir.imaging.photo import Metadata

_LOG = logging.getLogger(__name__)

_FAILURES = (
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    OSError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
)
"""What Pillow raises on damaged tags."""

_RESOLUTION = 282


def read_metadata(image: Image.Image, *, turned_by: int = UPRIGHT) -> tuple[Metadata, int]:
    """Collect the metadata of a loaded image, and the orientation that its pixels still have to be turned by.

    EXIF decides about the orientation; XMP is asked only if EXIF is silent (the order that the Metadata Working
    Group's guidelines ask for). Pillow turns TIFF files by itself while it loads them: for those the answer is 1.

    Args:
        image: an image after ``load``.
        turned_by: the orientation that Pillow has applied already, for TIFF files.

    Returns:
        The metadata as it belongs to the upright picture, and the orientation, 1 to 8.
    """
    exif, xmp = _exif(image), _xmp(image)
    if isinstance(image, TiffImageFile):
        orientation, turn = UPRIGHT, turned_by
    else:
        stated = exif_orientation(exif) if exif else None
        orientation = turn = stated or (xmp_orientation(xmp) if xmp else UPRIGHT)
    dpi = _dpi(image)
    if dpi and swaps_axes(turn):
        dpi = dpi[::-1]
    return (
        Metadata(
            icc_profile=_bytes(image, "icc_profile"),
            exif=upright_exif(exif, turn) if exif else None,
            xmp=upright_xmp(xmp) if xmp else None,
            dpi=dpi,
        ),
        orientation,
    )


def _bytes(image: Image.Image, key: str) -> bytes | None:
    value = image.info.get(key)
    return value if isinstance(value, bytes) and value else None


def _exif(image: Image.Image) -> bytes | None:
    try:
        if isinstance(image, TiffImageFile):
            return _exif_of_tiff(image)
        block = _bytes(image, "exif")
        text = image.info.get("Raw profile type exif")
        if block is None and isinstance(text, str):  # ImageMagick's way before PNG had a chunk for it
            block = bytes.fromhex("".join(text.split("\n")[3:]))
    except _FAILURES as error:
        _LOG.warning("the EXIF data is damaged and was left out (%s)", error)
        return None
    return without_prefix(block) or None if block else None


def _exif_of_tiff(image: TiffImageFile) -> bytes | None:
    """Collect an EXIF block from the directories of a TIFF file, without the tags that describe its storage."""
    found, chosen = image.getexif(), Image.Exif()
    for tag in found:
        if tag in DESCRIPTIVE_TAGS:
            chosen[tag] = found[tag]
    for group in (EXIF_DIRECTORY, GPS_DIRECTORY):
        fields = {tag: value for tag, value in found.get_ifd(group).items() if not isinstance(value, dict)}
        fields.pop(INTEROPERABILITY_DIRECTORY, None)  # a position in the file it came from
        if fields:
            chosen[group] = fields
    return without_prefix(chosen.tobytes()) if len(chosen) else None


def _xmp(image: Image.Image) -> bytes | None:
    value = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp")
    if isinstance(value, str):
        return value.encode()
    return value if isinstance(value, bytes) and value else None


def _dpi(image: Image.Image) -> tuple[float, float] | None:
    if isinstance(image, TiffImageFile) and _RESOLUTION not in image.tag_v2:
        return None  # Pillow invents 1 × 1
    value = image.info.get("dpi")
    if value == (72, 72) and image.format in ("JPEG", "MPO") and image.info.get("jfif_unit", 0) == 0:
        return None  # the EXIF standard's word for "unknown", which Pillow also invents
    if not isinstance(value, Sequence) or len(value) != 2:
        return None
    try:
        horizontal, vertical = float(value[0]), float(value[1])
    except _FAILURES:
        return None
    if not all(math.isfinite(number) and number > 0 for number in (horizontal, vertical)):
        return None
    return horizontal, vertical
