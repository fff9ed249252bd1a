r"""Change an EXIF block in place: orientation, exchanged sides, stale thumbnail. All other bytes stay.

An EXIF block is a small TIFF structure (EXIF 2.32, section 4.5). Here it always starts with its TIFF header, the
six bytes ``Exif\0\0`` that JPEG puts in front are taken off.
"""

from __future__ import annotations

import io
import struct

from opir.imaging.ifd import BrokenDirectoryError, Directory, Entry, TiffReader
from opir.imaging.orientation import UPRIGHT, swaps_axes, valid_orientation

PREFIX = b"Exif\0\0"
"""What JPEG (and some writers elsewhere) put in front of the block."""

ORIENTATION = 0x0112
EXIF_DIRECTORY = 0x8769
GPS_DIRECTORY = 0x8825
INTEROPERABILITY_DIRECTORY = 0xA005

DESCRIPTIVE_TAGS: frozenset[int] = frozenset(
    {
        *(0x010E, 0x010F, 0x0110, 0x0131, 0x0132, 0x013B, 0x013C),  # description, maker, model, software, date ...
        *(0x8298, 0x4746, 0x4749),  # copyright, rating
        *(0x9C9B, 0x9C9C, 0x9C9D, 0x9C9E, 0x9C9F),  # title, comment, author, keywords, subject as Windows writes them
    }
)
"""Tags of the first directory that speak of the photograph and not of how a file stores it."""

# Pairs of tags that trade places when the picture is turned by a quarter: sizes and resolutions.
_MAIN_PAIRS = ((0x0100, 0x0101), (0x011A, 0x011B))
_EXIF_PAIRS = ((0xA002, 0xA003), (0xA20E, 0xA20F))


def without_prefix(exif: bytes) -> bytes:
    """The block from its TIFF header on."""
    return exif.removeprefix(PREFIX)


def exif_reader(exif: bytes) -> TiffReader:
    """A reader of the block's directories.

    Raises:
        BrokenDirectoryError: if the block is damaged.
    """
    reader = TiffReader(io.BytesIO(exif))
    if reader.is_big:
        raise BrokenDirectoryError("an EXIF block has 32-bit positions; this one claims 64-bit ones")
    return reader


def exif_orientation(exif: bytes) -> int | None:
    """The orientation that the block states, 1 to 8; None if it states none or is damaged."""
    try:
        reader = exif_reader(exif)
        values = reader.integers(reader.directory(reader.first).find(ORIENTATION))
    except BrokenDirectoryError:
        return None
    return valid_orientation(values[0]) if values else None


def upright_exif(exif: bytes, orientation: int) -> bytes:
    """The block as it belongs to the picture after it has been turned upright.

    The orientation becomes 1, widths and heights are exchanged if the turn did so, and the thumbnail, which shows
    the picture unturned and unrestored, is unlinked. A block too damaged to be read is returned as it is.

    Args:
        exif: the block from its TIFF header on.
        orientation: 1 to 8, what the pixels were turned by.
    """
    changed = bytearray(exif)
    try:
        reader = exif_reader(exif)
        main = reader.directory(reader.first)
    except BrokenDirectoryError:
        return exif
    for entry in main.entries:
        if entry.tag == ORIENTATION:
            # One SHORT, whatever type and value stood there before.
            struct.pack_into(reader.order + "HIHH", changed, entry.position + 2, 3, 1, UPRIGHT, 0)
    if main.next_directory:
        struct.pack_into(reader.order + "I", changed, main.next_position, 0)
    if swaps_axes(orientation):
        _exchange(changed, main, _MAIN_PAIRS)
        _exchange(changed, _child(reader, main, EXIF_DIRECTORY), _EXIF_PAIRS)
    return bytes(changed)


def _child(reader: TiffReader, parent: Directory, tag: int) -> Directory | None:
    try:
        positions = reader.integers(parent.find(tag))
        return reader.directory(positions[0]) if positions else None
    except BrokenDirectoryError:
        return None


def _exchange(block: bytearray, directory: Directory | None, pairs: tuple[tuple[int, int], ...]) -> None:
    """Exchange type, count and value of two fields, leaving their tags where they are."""
    if directory is None:
        return
    for first_tag, second_tag in pairs:
        first, second = directory.find(first_tag), directory.find(second_tag)
        if first is not None and second is not None:
            one, other = _body(first), _body(second)
            block[one], block[other] = block[other], block[one]


def _body(entry: Entry) -> slice:
    return slice(entry.position + 2, entry.position + 12)
