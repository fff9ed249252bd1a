"""Read size and number of frames of a GIF file from its blocks, without decoding (GIF89a, sections 17 to 26)."""

from __future__ import annotations

import struct
from typing import BinaryIO

from opir.imaging.header_fields import Header

_IMAGE, _EXTENSION = b"\x2c", b"\x21"


def read_gif(stream: BinaryIO) -> Header:
    """Read the header; frames that reach beyond the screen widen the size, as they widen what is decoded."""
    stream.seek(6)
    head = stream.read(7)
    if len(head) < 7:
        return Header(format="GIF", bits=8)
    width, height, flags = struct.unpack("<HHB", head[:5])
    _skip_palette(stream, flags)
    n_frames = 0
    while True:
        kind = stream.read(1)
        if kind == _EXTENSION:
            stream.read(1)
        elif kind == _IMAGE:
            place = stream.read(9)
            if len(place) < 9:
                break
            left, top, columns, rows, flags = struct.unpack("<HHHHB", place)
            width, height, n_frames = max(width, left + columns), max(height, top + rows), n_frames + 1
            _skip_palette(stream, flags)
            stream.read(1)  # the size of the codes
        else:
            break
        _skip_blocks(stream)
    return Header(format="GIF", size=(width, height), bits=8, is_animated=n_frames > 1)


def _skip_palette(stream: BinaryIO, flags: int) -> None:
    if flags & 0x80:
        stream.seek(3 * 2 ** (1 + (flags & 7)), 1)


def _skip_blocks(stream: BinaryIO) -> None:
    while length := stream.read(1):
        if length == b"\0":
            return
        stream.seek(length[0], 1)
