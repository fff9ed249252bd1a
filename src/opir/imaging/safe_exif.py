"""Keep of an EXIF block how a picture was taken; drop where, with which copy of a camera and by whose hand."""

from __future__ import annotations

import logging
import struct
from typing import Final

from PIL import Image

from opir.imaging.exif import DESCRIPTIVE_TAGS, EXIF_DIRECTORY, ORIENTATION, exif_reader, without_prefix

_LOG = logging.getLogger(__name__)

SAFE_EXIF_TAGS: Final[frozenset[int]] = frozenset(
    {
        *(0x829A, 0x829D, 0x8822, 0x8827, 0x8830, 0x9000),  # exposure time, f-number, program, sensitivity, version
        *(0x9003, 0x9004, 0x9010, 0x9011, 0x9012),  # when, and in which time zone
        *range(0x9201, 0x920B),  # shutter, aperture, brightness, bias, distance, metering, light, flash, focal length
        *(0xA001, 0xA002, 0xA003),  # colour space and size
        *range(0xA401, 0xA40D),  # rendering, exposure mode, white balance, zoom, scene, contrast and the like
        *(0xA433, 0xA434),  # make and model of the lens
    }
)
"""Tags of the EXIF directory that tell how a picture was taken but not where, with which copy of a camera or by
whose. Names under copyright stay. A list of what may stay: what nobody thought of is dropped."""

_FAILURES = (ArithmeticError, AttributeError, EOFError, LookupError, OSError, SyntaxError, TypeError, ValueError)


def safe_exif(exif: bytes) -> bytes | None:
    """The fields of :data:`SAFE_EXIF_TAGS` and of the description; None if none is left or the block is damaged."""
    found, safe = Image.Exif(), Image.Exif()
    try:
        _check_structure(exif)
        found.load(exif)
        for tag in found:
            if tag in DESCRIPTIVE_TAGS or tag == ORIENTATION:
                safe[tag] = found[tag]
        fields = {tag: value for tag, value in found.get_ifd(EXIF_DIRECTORY).items() if tag in SAFE_EXIF_TAGS}
        if fields:
            safe[EXIF_DIRECTORY] = fields
        return without_prefix(safe.tobytes()) if len(safe) else None
    except (*_FAILURES, struct.error) as error:
        _LOG.warning("the EXIF data is damaged and was left out (%s)", error)
        return None


def _check_structure(exif: bytes) -> None:
    """Raise :class:`ValueError` where a field that is looked at leads outside of the block: Pillow would warn."""
    reader = exif_reader(exif)
    main = reader.directory(reader.first)
    children = [reader.directory(position) for position in reader.integers(main.find(EXIF_DIRECTORY))]
    for directory in (main, *children):
        for entry in directory.entries:
            reader.raw(entry)
