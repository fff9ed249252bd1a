"""Carry an EXIF block over into a TIFF file, where it is spread over the file's own directories.

TIFF keeps the description of the photograph (maker, date, copyright) in its main directory, and points from there
to the directories of exposure and position (EXIF 2.32, section 4.6.3). The block is appended to the file as it is,
the positions in it, which count from its start, are moved by where it now lies, and behind it a new main directory
joins the fields of both.
"""

from __future__ import annotations

import io
import struct
from typing import Literal

from opir.imaging.exif import (
    DESCRIPTIVE_TAGS,
    EXIF_DIRECTORY,
    GPS_DIRECTORY,
    INTEROPERABILITY_DIRECTORY,
    exif_reader,
)
from opir.imaging.ifd import BrokenDirectoryError, Entry, TiffReader

_LONG = 4
_FIRST_POINTER = 4  # where a TIFF file says where its first directory lies


def byte_order_of(exif: bytes) -> Literal["<", ">"]:
    """The byte order of an EXIF block, which the TIFF file that it goes into must share.

    Raises:
        BrokenDirectoryError: if the block is damaged.
    """
    return exif_reader(exif).order


def append_exif(file: bytes, exif: bytes, *, page: int = 0) -> bytes:
    """A TIFF file with the EXIF block's fields added to one of its pages.

    Raises:
        BrokenDirectoryError, struct.error: if the block is damaged, or the two differ in byte order.
    """
    outer, inner = TiffReader(io.BytesIO(file)), exif_reader(exif)
    if outer.is_big or outer.order != inner.order:
        raise BrokenDirectoryError("the TIFF file must be a 32-bit one in the byte order of the EXIF block")
    base = len(file) + len(file) % 2  # directories start at even positions
    pointer, target = _FIRST_POINTER, outer.directory(outer.first)
    for _ in range(page):
        pointer, target = target.next_position, outer.directory(target.next_directory)
    block = bytearray(exif + bytes(len(exif) % 2))
    fields = {entry.tag: file[entry.position : entry.position + 12] for entry in target.entries}
    for entry in inner.directory(inner.first).entries:
        if entry.tag in (EXIF_DIRECTORY, GPS_DIRECTORY):
            start = inner.integers(entry)[0]
            _move(block, inner, start, base, follow=True)
            fields[entry.tag] = struct.pack(inner.order + "HHII", entry.tag, _LONG, 1, base + start)
        elif entry.tag in DESCRIPTIVE_TAGS and _lies_within(entry, exif):
            body = exif[entry.position : entry.position + 12]
            if not entry.is_inline:
                body = body[:8] + struct.pack(inner.order + "I", base + entry.data_position)
            fields[entry.tag] = body
    directory = b"".join(fields[tag] for tag in sorted(fields))
    new = struct.pack(inner.order + "I", base + len(block))
    count, end = struct.pack(inner.order + "H", len(fields)), struct.pack(inner.order + "I", target.next_directory)
    before, behind = file[:pointer], file[pointer + len(new) :]
    return b"".join([before, new, behind, bytes(base - len(file)), block, count, directory, end])


def _lies_within(entry: Entry, exif: bytes | bytearray) -> bool:
    """Whether a field's type is known and its values lie in the block; readers give up on a directory with others."""
    return 0 < entry.n_bytes <= len(exif) - entry.data_position


def _move(block: bytearray, reader: TiffReader, start: int, base: int, *, follow: bool) -> None:
    """Add ``base`` to the positions in the directory at ``start`` and, if asked to, in the one it points to."""
    directory = reader.directory(start)
    for entry in directory.entries:
        if entry.tag == INTEROPERABILITY_DIRECTORY and follow:
            inside = reader.integers(entry)[0]
            _move(block, reader, inside, base, follow=False)
            struct.pack_into(reader.order + "I", block, entry.pointer_position, base + inside)
        elif not entry.is_inline:
            if not _lies_within(entry, block):
                raise BrokenDirectoryError(f"the values of field {entry.tag:#06x} must lie in the block")
            struct.pack_into(reader.order + "I", block, entry.pointer_position, base + entry.data_position)
    if directory.next_directory:
        struct.pack_into(reader.order + "I", block, directory.next_position, 0)
