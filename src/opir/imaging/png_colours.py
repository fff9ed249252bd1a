"""What a PNG file says about its colours beside a profile, kept chunk by chunk: cHRM, cICP, gAMA and sRGB.

PNG (third edition), sections 11.3.2.1 to 11.3.2.6. Pillow knows some of them and writes none. A result without them
would be shown in other colours than its original.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import BinaryIO, Final

_SIZES: Final = {b"cHRM": 32, b"cICP": 4, b"gAMA": 4, b"sRGB": 1}
_SRGB_GAMMA: Final = 45_455
_SRGB_CHROMATICITIES: Final = (31_270, 32_900, 64_000, 33_000, 30_000, 60_000, 15_000, 6_000)
_SRGB_CODE_POINTS: Final = b"\1\x0d\0\1"
_TOLERANCE: Final = 500  # of 100,000: what programs round to
_MAX_CHUNKS: Final = 1000


def read_png_colours(stream: BinaryIO) -> bytes | None:
    """The sound ones of these chunks before the pixels, one behind the other as in the file; None without any.

    Args:
        stream: a PNG file; left anywhere.
    """
    found: dict[bytes, bytes] = {}
    position = 8
    for _ in range(_MAX_CHUNKS):
        stream.seek(position)
        head = stream.read(8)
        if len(head) < 8 or head[4:] in (b"IDAT", b"IEND"):
            break
        length, kind = struct.unpack(">I4s", head)
        if _SIZES.get(kind) == length:
            chunk = head + stream.read(length + 4)
            if len(chunk) == length + 12 and zlib.crc32(chunk[4:-4]) == struct.unpack(">I", chunk[-4:])[0]:
                found.setdefault(kind, chunk)
        position += 12 + length
    return b"".join(found.values()) or None


def png_colour_chunks(colours: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield name and content of each chunk."""
    position = 0
    while position < len(colours):
        length, kind = struct.unpack_from(">I4s", colours, position)
        yield kind, colours[position + 8 : position + 8 + length]
        position += 12 + length


def is_srgb(colours: bytes) -> bool:
    """Whether the chunks say no more than that the colours are those of sRGB, as everybody assumes without them."""
    chunks = dict(png_colour_chunks(colours))
    if b"cICP" in chunks:
        return chunks[b"cICP"] == _SRGB_CODE_POINTS
    if b"sRGB" in chunks:
        return True
    gamma = struct.unpack(">I", chunks.get(b"gAMA", struct.pack(">I", _SRGB_GAMMA)))
    corners = struct.unpack(">8I", chunks.get(b"cHRM", struct.pack(">8I", *_SRGB_CHROMATICITIES)))
    pairs = zip((*gamma, *corners), (_SRGB_GAMMA, *_SRGB_CHROMATICITIES), strict=True)
    return all(abs(stated - usual) <= _TOLERANCE for stated, usual in pairs)
