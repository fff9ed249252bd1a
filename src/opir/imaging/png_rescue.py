"""Take everything out of a PNG file that is not needed to show it, when damaged metadata stop the decoder."""

from __future__ import annotations

import struct

_SIGNATURE_BYTES = 8
_NEEDED = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND", b"acTL"})


def without_metadata(data: bytes) -> bytes:
    """The PNG file reduced to the chunks that hold the picture (PNG, sections 5.3 and 11.2, and ``tRNS``).

    The chunk that announces an animation is kept, so that an animation is still recognised as one.
    """
    kept = [data[:_SIGNATURE_BYTES]]
    position = _SIGNATURE_BYTES
    while position + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, position)
        end = position + 12 + length
        if kind in _NEEDED:
            kept.append(data[position:end])
        position = end
    return b"".join(kept)
