"""Ways of spoiling a file: pure functions of its bytes."""

from __future__ import annotations

import random
import struct
import zlib
from collections.abc import Iterator

TRUNCATIONS = tuple(range(0, 100, 5))
"""Per cent of the bytes that are left."""

EXTREMES = (0, 1, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF)
"""Numbers that headers lie with."""


def truncations(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield the file cut off at every twentieth."""
    for per_cent in TRUNCATIONS:
        yield f"cut-{per_cent:02d}", data[: len(data) * per_cent // 100]


def bit_flips(data: bytes, n: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """Yield the file with 1, 2, 4, ... bits turned; every second time in its first 200 bytes only."""
    chance = random.Random(seed)
    for index in range(n):
        spoilt = bytearray(data)
        reach = min(len(data), 200) if index % 2 else len(data)
        for _ in range(1 << index % 6):
            spoilt[chance.randrange(reach)] ^= 1 << chance.randrange(8)
        yield f"flip-{index:02d}", bytes(spoilt)


def rewrites(data: bytes, n: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """Yield the file with a run of bytes zeroed, set, doubled, removed or replaced by chance."""
    chance = random.Random(seed)
    for index in range(n):
        start = chance.randrange(len(data))
        stop = min(len(data), start + chance.choice((1, 4, 16, 64, 256)))
        run = data[start:stop]
        replaced = (bytes(len(run)), b"\xff" * len(run), run + run, b"", chance.randbytes(len(run)))[index % 5]
        yield f"run-{index:02d}", data[:start] + replaced + data[stop:]


def joined(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield the file with something before or behind it."""
    yield "tail-zeros", data + bytes(100_000)
    yield "tail-itself", data + data
    yield "tail-script", data + b"<script>alert(1)</script>" * 10
    yield "head-zero", b"\0" + data
    yield "head-bom", b"\xef\xbb\xbf" + data


def lies(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield the file with an extreme number in the place of each header field of its format, checksums put right."""
    for position, form in _fields(data):
        for value in EXTREMES:
            largest = 2 ** (8 * struct.calcsize(form)) - 1
            spoilt = bytearray(data)
            struct.pack_into(form, spoilt, position, min(value, largest))
            yield f"lie-{position:03d}-{min(value, largest):x}", _repaired(bytes(spoilt))


def _fields(data: bytes) -> list[tuple[int, str]]:
    """Return where the numbers of a header are, and their form."""
    if data.startswith(b"\x89PNG"):
        return [(8, ">I"), (16, ">I"), (20, ">I"), (24, ">B"), (25, ">B"), (26, ">B"), (28, ">B"), (33, ">I")]
    if data.startswith(b"\xff\xd8"):
        return _jpeg_fields(data)
    if data.startswith(b"RIFF"):
        return [(4, "<I"), (16, "<I"), (20, "<I"), (24, "<I"), (26, "<H"), (28, "<H")]
    if data[:2] in (b"II", b"MM"):
        return _tiff_fields(data)
    if data.startswith(b"BM"):
        return [(2, "<I"), (10, "<I"), (14, "<I"), (18, "<I"), (22, "<I"), (28, "<H"), (30, "<I"), (46, "<I")]
    if data.startswith(b"GIF"):
        return [(6, "<H"), (8, "<H"), (10, "<B"), (13, "<B")]
    if data[4:8] == b"ftyp":
        return [(0, ">I"), *((position, ">I") for position in range(16, min(len(data) - 4, 300), 12))]
    return []


def _jpeg_fields(data: bytes) -> list[tuple[int, str]]:
    fields, position = [], 2
    while position + 4 < len(data) and data[position] == 0xFF and data[position + 1] != 0xDA:
        fields.append((position + 2, ">H"))
        if data[position + 1] in (0xC0, 0xC2):
            fields += [(position + 4, ">B"), (position + 5, ">H"), (position + 7, ">H"), (position + 9, ">B")]
        position += 2 + int.from_bytes(data[position + 2 : position + 4], "big")
    return fields[-12:]


def _tiff_fields(data: bytes) -> list[tuple[int, str]]:
    order = "<" if data[:2] == b"II" else ">"
    if data[2:4] not in (b"*\0", b"\0*"):
        return [(8, order + "I"), (16, order + "I")]
    first = struct.unpack_from(order + "I", data, 4)[0]
    count = struct.unpack_from(order + "H", data, first)[0]
    entries = [first + 2 + 12 * index for index in range(min(count, 14))]
    return [(4, order + "I"), (first, order + "H"), *((e + p, order + "I") for e in entries for p in (4, 8))]


def _repaired(data: bytes) -> bytes:
    """Return a PNG file with the checksum of its header put right: a lie that nothing contradicts at once."""
    if not data.startswith(b"\x89PNG") or data[12:16] != b"IHDR":
        return data
    return data[:29] + struct.pack(">I", zlib.crc32(data[12:29])) + data[33:]
