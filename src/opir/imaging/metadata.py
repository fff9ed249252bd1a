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

from opir.imaging.exif import exif_orientation, upright_exif, without_prefix
from opir.imaging.iptc import PNG_KEYWORD, RESOURCE, from_png_text, plausible_iptc
from opir.imaging.orientation import UPRIGHT, swaps_axes, upright_xmp, xmp_orientation
from opir.imaging.photo import Metadata
from opir.imaging.tiff_metadata import descriptive_exif

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
_EXTENSION = b"http://ns.adobe.com/xmp/extension/\0"


def read_metadata(image: Image.Image, *, is_upright: bool = False) -> tuple[Metadata, int]:
    """Collect the metadata of a loaded image, and the orientation that its pixels still have to be turned by.

    EXIF decides about the orientation; XMP is asked only if EXIF is silent (the order that the Metadata Working
    Group's guidelines ask for). Pillow turns TIFF files by itself while it loads them: for those the answer is 1.

    Args:
        image: the image.
        is_upright: whether its decoder has turned it already, by what the format itself says (HEIC: ISO/IEC 23008-12,
            JPEG XL: ISO/IEC 18181-1); EXIF and XMP then repeat that at most and are not asked.

    Returns:
        The metadata as it belongs to the upright picture, and the orientation, 1 to 8.
    """
    exif, xmp = _exif(image), _xmp(image)
    orientation = UPRIGHT
    if not (is_upright or isinstance(image, TiffImageFile)):
        stated = exif_orientation(exif) if exif else None
        orientation = stated or (xmp_orientation(xmp) if xmp else UPRIGHT)
    dpi = _dpi(image)
    if dpi and swaps_axes(orientation):
        dpi = dpi[::-1]
    return (
        Metadata(
            icc_profile=_bytes(image, "icc_profile"),
            exif=upright_exif(exif, orientation) if exif else None,
            xmp=upright_xmp(xmp) if xmp else None,
            xmp_extension=_xmp_extension(image) if xmp else None,
            iptc=_iptc(image),
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
            return descriptive_exif(image.getexif())
        block = _bytes(image, "exif")
        text = image.info.get("Raw profile type exif")
        if block is None and isinstance(text, str):  # ImageMagick's way before PNG had a chunk for it
            block = bytes.fromhex("".join(text.split("\n")[3:]))
    except _FAILURES as error:
        _LOG.warning("the EXIF data is damaged and was left out (%s)", error)
        return None
    return without_prefix(block) or None if block else None


def _xmp(image: Image.Image) -> bytes | None:
    value = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp")
    if isinstance(value, str):
        return value.encode()
    return value if isinstance(value, bytes) and value else None


def _xmp_extension(image: Image.Image) -> bytes | None:
    segments = getattr(image, "applist", None)
    if not isinstance(segments, list):
        return None
    found = [data for name, data in segments if name == "APP1" and data.startswith(_EXTENSION)]
    return b"".join(b"\xff\xe1" + struct.pack(">H", len(data) + 2) + data for data in found) or None


def _iptc(image: Image.Image) -> bytes | None:
    resources, text = image.info.get("photoshop"), image.info.get(PNG_KEYWORD)
    try:
        if isinstance(text, str):
            return from_png_text(text)
        found = resources.get(RESOURCE) if isinstance(resources, dict) else None
        return plausible_iptc(found) if isinstance(found, bytes) else None
    except _FAILURES as error:
        _LOG.warning("the IPTC records are damaged and were left out (%s)", error)
        return None


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
