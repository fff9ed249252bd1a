"""Read size and depth out of the boxes of AVIF and HEIC files (ISO base media file format).

ISO/IEC 14496-12, section 4.2: a box is a length, four letters and a content, which may be boxes again. ISO/IEC
23008-12: the properties of the pictures lie in ``meta/iprp/ipco``: ``ispe`` the size, ``pixi`` bits per channel,
``av1C`` and ``hvcC`` the settings of the codec. A file holds several pictures (tiles, a preview, an alpha channel):
the largest size and depth among them are the bound that is wanted before anything is decoded.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO, Final

from opir.imaging.formats import SourceName
from opir.imaging.header_fields import Header

_MAX_BOXES: Final = 4096
_MAX_META_BYTES: Final = 16 * 1024**2


def read_boxes(stream: BinaryIO, format: SourceName) -> Header:
    """Read the header of an AVIF or HEIC file; unknown fields stay None where the boxes do not tell."""
    stream.seek(0)
    brand = stream.read(12)[8:12]
    sizes: list[tuple[int, int]] = []
    depths: list[int] = []
    for kind, content in _properties(_meta_of(stream)):
        if kind == b"ispe" and len(content) >= 12:
            sizes.append(struct.unpack_from(">II", content, 4))
        elif kind == b"pixi" and len(content) >= 5:
            depths += content[5 : 5 + content[4]]
        elif kind == b"av1C" and len(content) >= 3:
            depths.append((8, 8, 10, 12)[content[2] >> 5 & 3])
        elif kind == b"hvcC" and len(content) >= 19:
            depths.append(8 + (content[17] & 7))
    return Header(
        format=format,
        size=max(sizes, key=lambda size: size[0] * size[1], default=None),
        bits=max(depths, default=None),
        is_lossy=True,
        is_animated=brand in (b"avis", b"hevc", b"msf1"),
    )


def _meta_of(stream: BinaryIO) -> bytes:
    """The content of the ``meta`` box, behind its version."""
    position = 0
    for _ in range(_MAX_BOXES):
        stream.seek(position)
        head = stream.read(16)
        if len(head) < 8:
            break
        length, kind = struct.unpack_from(">I4s", head)
        start = 8
        if length == 1 and len(head) == 16:
            length, start = struct.unpack_from(">Q", head, 8)[0], 16
        if kind == b"meta":
            stream.seek(position + start + 4)
            return stream.read(min(max(length - start - 4, 0) if length else _MAX_META_BYTES, _MAX_META_BYTES))
        if length < 8:
            break
        position += length
        if position >= 1 << 62:
            break
    return b""


def _properties(meta: bytes) -> Iterator[tuple[bytes, bytes]]:
    for kind, content in boxes_of(meta):
        if kind == b"iprp":
            for inner, properties in boxes_of(content):
                if inner == b"ipco":
                    yield from boxes_of(properties)


def boxes_of(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield (kind, content) of the boxes in a row; stops where they are damaged."""
    position = 0
    for _ in range(_MAX_BOXES):
        if position + 8 > len(data):
            return
        length, kind = struct.unpack_from(">I4s", data, position)
        if length == 0:
            length = len(data) - position
        if length < 8 or position + length > len(data):
            return
        yield kind, data[position + 8 : position + length]
        position += length
