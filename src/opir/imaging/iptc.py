"""Find and place IPTC records: captions, keywords and credits as press agencies write them.

IPTC-NAA Information Interchange Model 4.2, section 1.5: data sets, each 0x1C, record, number, length, value. In a
JPEG they lie in an APP13 segment, as resource 0x0404 of a "Photoshop 3.0" block (Adobe, Photoshop File Formats,
"Image Resource Blocks"); in a PNG, in the text chunk that ImageMagick has made usual.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

RESOURCE: Final = 0x0404
"""Number of the Photoshop resource."""

PNG_KEYWORD: Final = "Raw profile type iptc"
"""Name of the PNG text chunk."""

_MARKER: Final = 0x1C
_PHOTOSHOP: Final = b"Photoshop 3.0\0"
_MAX_SEGMENT: Final = 65_533

SAFE_DATA_SETS: Final[frozenset[tuple[int, int]]] = frozenset(
    {
        (1, 90),  # the character set
        *((2, number) for number in (0, 5, 10, 15, 20, 25, 30, 35, 40, 55, 60, 62, 63)),  # title, subject, dates
        *((2, number) for number in (80, 85, 105, 110, 115, 116, 120, 122)),  # author, headline, rights, caption
    }
)
"""(record, number) of what describes the picture or says whose it is; places and contacts are not among them."""


def plausible_iptc(data: bytes | None) -> bytes | None:
    """The records, cut behind the last whole data set; None where there is none."""
    if not data:
        return None
    end = 0
    for _, _, piece in _data_sets(data):
        end += len(piece)
    return data[:end] or None


def safe_iptc(data: bytes) -> bytes | None:
    """Only the data sets of :data:`SAFE_DATA_SETS`; None if none is left."""
    kept = [piece for record, number, piece in _data_sets(data) if (record, number) in SAFE_DATA_SETS]
    return b"".join(kept) or None


def _data_sets(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Yield (record, number, all bytes) of each data set until one is damaged."""
    position = 0
    while position + 5 <= len(data) and data[position] == _MARKER:
        record, number, length = struct.unpack_from(">BBH", data, position + 1)
        end = position + 5 + length
        if length & 0x8000 or end > len(data):  # the extended form, for values beyond 32 KiB, is not for captions
            return
        yield record, number, data[position:end]
        position = end


def app13_segment(iptc: bytes) -> bytes:
    """The APP13 segment of a JPEG file that holds the records.

    Raises:
        ValueError: if they do not fit into one segment.
    """
    resource = b"8BIM" + struct.pack(">HHI", RESOURCE, 0, len(iptc)) + iptc + bytes(len(iptc) % 2)
    body = _PHOTOSHOP + resource
    if len(body) > _MAX_SEGMENT:
        raise ValueError(f"IPTC records of {len(iptc)} bytes do not fit into a JPEG segment")
    return b"\xff\xed" + struct.pack(">H", len(body) + 2) + body


def png_text(iptc: bytes) -> str:
    """The text of the PNG chunk that holds the records: a Photoshop block in hexadecimal, as ImageMagick writes it."""
    block = b"8BIM" + struct.pack(">HHI", RESOURCE, 0, len(iptc)) + iptc + bytes(len(iptc) % 2)
    return f"\niptc\n{len(block):8}\n" + "\n".join(_lines(block.hex(), 72)) + "\n"


def from_png_text(text: str) -> bytes | None:
    """The records out of the text of the PNG chunk.

    Raises:
        ValueError: if the text is not hexadecimal.
    """
    block = bytes.fromhex("".join(text.split("\n")[3:]))
    return plausible_iptc(_resource(block) if block.startswith(b"8BIM") else block)


def _resource(block: bytes) -> bytes | None:
    position = 0
    while block.startswith(b"8BIM", position) and position + 12 <= len(block):
        number, name_length = struct.unpack_from(">HB", block, position + 4)
        start = position + 6 + (name_length + 2) // 2 * 2
        if start + 4 > len(block):
            return None
        length = struct.unpack_from(">I", block, start)[0]
        if number == RESOURCE:
            return block[start + 4 : start + 4 + length]
        position = start + 4 + length + length % 2
    return None


def _lines(text: str, width: int) -> Iterator[str]:
    return (text[start : start + width] for start in range(0, len(text), width))
