"""Collect profile, EXIF, XMP, IPTC and resolution from one page of a TIFF file, whatever its samples are.

They lie in the page's own directory (TIFF 6.0, and the tags that Adobe, the IPTC and the ICC have registered).
"""

from __future__ import annotations

import logging
import math
import struct
from typing import BinaryIO, Final

from PIL import Image

from opir.imaging.exif import (
    DESCRIPTIVE_TAGS,
    EXIF_DIRECTORY,
    GPS_DIRECTORY,
    INTEROPERABILITY_DIRECTORY,
    upright_exif,
    without_prefix,
)
from opir.imaging.ifd import BrokenDirectoryError, Directory, TiffReader
from opir.imaging.iptc import plausible_iptc
from opir.imaging.orientation import swaps_axes, upright_xmp
from opir.imaging.photo import Metadata

XMP_TAG: Final = 700
IPTC_TAG: Final = 33723
PROFILE_TAG: Final = 34675

_LOG = logging.getLogger(__name__)
_HORIZONTAL, _VERTICAL, _UNIT = 282, 283, 296
_RATIONAL = 5
_INCHES_PER_UNIT: Final = {2: 1.0, 3: 2.54}
_MAX_BYTES: Final = 64 * 1024**2
_FAILURES = (
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
)
"""What Pillow raises on damaged tags."""


def read_tiff_metadata(stream: BinaryIO, offset: int, *, turned_by: int) -> Metadata:
    """Collect the metadata of the page whose directory lies at ``offset``, as they belong to the upright picture.

    What is damaged is logged and left out.
    """
    try:
        reader = TiffReader(stream)
        directory = reader.directory(offset)
    except BrokenDirectoryError as error:
        _LOG.warning("the metadata of a TIFF page are damaged and were left out (%s)", error)
        return Metadata()
    exif, xmp = _exif(stream, reader, offset), _bytes(reader, directory, XMP_TAG)
    dpi = _dpi(reader, directory)
    return Metadata(
        icc_profile=_bytes(reader, directory, PROFILE_TAG),
        exif=upright_exif(exif, turned_by) if exif else None,
        xmp=upright_xmp(xmp) if xmp else None,
        iptc=plausible_iptc(_bytes(reader, directory, IPTC_TAG)),
        dpi=dpi[::-1] if dpi and swaps_axes(turned_by) else dpi,
    )


def _bytes(reader: TiffReader, directory: Directory, tag: int) -> bytes | None:
    entry = directory.find(tag)
    if entry is None or not 0 < entry.n_bytes <= _MAX_BYTES:
        return None
    try:
        return reader.raw(entry)
    except BrokenDirectoryError as error:
        _LOG.warning("field %d of a TIFF page is damaged and was left out (%s)", tag, error)
        return None


def _dpi(reader: TiffReader, directory: Directory) -> tuple[float, float] | None:
    unit = next(iter(reader.integers(directory.find(_UNIT))), 2)
    factor, found = _INCHES_PER_UNIT.get(unit), []
    for tag in (_HORIZONTAL, _VERTICAL):
        entry = directory.find(tag)
        data = None if entry is None or entry.kind != _RATIONAL else _bytes(reader, directory, tag)
        if factor is None or data is None or len(data) != 8:
            return None
        numerator, denominator = struct.unpack(reader.order + "II", data)
        found.append(factor * numerator / denominator if denominator else 0.0)
    horizontal, vertical = found
    return (horizontal, vertical) if min(found) > 0 and all(map(math.isfinite, found)) else None


def _exif(stream: BinaryIO, reader: TiffReader, offset: int) -> bytes | None:
    found = Image.Exif()
    try:
        found.endian, found.bigtiff = reader.order, reader.is_big
        found.load_from_fp(stream, offset)
        return descriptive_exif(found)
    except _FAILURES as error:
        _LOG.warning("the EXIF data of a TIFF page are damaged and were left out (%s)", error)
        return None


def descriptive_exif(found: Image.Exif) -> bytes | None:
    """Build an EXIF block from the directories of a TIFF page, without the fields that describe its storage."""
    chosen = Image.Exif()
    for tag in found:
        if tag in DESCRIPTIVE_TAGS:
            chosen[tag] = found[tag]
    for group in (EXIF_DIRECTORY, GPS_DIRECTORY):
        fields = {tag: value for tag, value in found.get_ifd(group).items() if not isinstance(value, dict)}
        fields.pop(INTEROPERABILITY_DIRECTORY, None)  # a position in the file it came from
        if fields:
            chosen[group] = fields
    return without_prefix(chosen.tobytes()) if len(chosen) else None
