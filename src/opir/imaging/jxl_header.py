"""Read size and depth out of the first bits of a JPEG XL file.

ISO/IEC 18181-1, annexes D and E: the codestream starts with 0xFF0A, a size header and the metadata of the image,
bit by bit, the lowest bit of each byte first. ISO/IEC 18181-2 wraps it into boxes (:mod:`opir.imaging.boxes`).
"""

from __future__ import annotations

import struct
from typing import BinaryIO, Final

from opir.imaging.header_fields import Header

_HEAD_BYTES: Final = 64 * 1024
_RATIOS: Final = ((1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))
_SIDES: Final = (9, 13, 18, 30)  # bits of a side less one, by its two bits of selector
_DEPTHS: Final = (8, 10, 12)


class _EndError(Exception):
    """The bits end too early; caught here."""


class _Bits:
    def __init__(self, data: bytes) -> None:
        self._value, self._left = int.from_bytes(data, "little"), 8 * len(data)

    def read(self, n: int) -> int:
        if n > self._left:
            raise _EndError
        found = self._value & ((1 << n) - 1)
        self._value >>= n
        self._left -= n
        return found


def read_jxl(stream: BinaryIO) -> Header:
    """Read the header of a JPEG XL file; unknown fields stay None where it does not tell."""
    stream.seek(0)
    head = _codestream(stream.read(_HEAD_BYTES))
    if not head.startswith(b"\xff\x0a"):
        return Header(format="JXL", is_lossy=True)
    bits = _Bits(head[2:64])
    size: tuple[int, int] | None = None
    try:
        size = _size(bits)
        depth, animated = _depth(bits)
    except _EndError:
        return Header(format="JXL", size=size, is_lossy=True)
    return Header(format="JXL", size=size, bits=depth, is_lossy=True, is_animated=animated)


def _codestream(data: bytes) -> bytes:
    """The start of the codestream, out of its boxes if it lies in some."""
    if data.startswith(b"\xff\x0a"):
        return data
    position = 0
    while position + 16 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, position)
        start = 8
        if length == 1:
            length, start = struct.unpack_from(">Q", data, position + 8)[0], 16
        if kind == b"jxlc":
            return data[position + start :]
        if kind == b"jxlp":
            return data[position + start + 4 :]
        if length < 8:
            break
        position += length
    return b""


def _size(bits: _Bits) -> tuple[int, int]:
    is_small = bits.read(1)

    def side() -> int:
        return 8 * (1 + bits.read(5)) if is_small else 1 + bits.read(_SIDES[bits.read(2)])

    height = side()
    ratio = bits.read(3)
    if ratio == 0:
        return side(), height
    numerator, denominator = _RATIOS[ratio - 1]
    return height * numerator // denominator, height


def _depth(bits: _Bits) -> tuple[int | None, bool]:
    """Bits per sample, None where they are hidden behind a preview, and whether it is an animation."""
    if bits.read(1):  # everything as usual: 8 bits
        return 8, False
    if bits.read(1):  # extra fields
        bits.read(3)  # orientation
        if bits.read(1):  # the size it is meant to be shown at
            _size(bits)
        if bits.read(1):  # a preview
            return None, False
        if bits.read(1):
            return None, True
    if bits.read(1):  # floating-point samples
        return 32, False
    selector = bits.read(2)
    return (_DEPTHS[selector] if selector < 3 else 1 + bits.read(6)), False
