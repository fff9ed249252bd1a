"""PNG files with 16 bits per sample: what is transparent in them, and how they are written.

PNG (third edition), sections 7.2, 9.2 and 11.2. Everything but size and pixels is taken over from a file of one
pixel that Pillow writes, so that metadata look the same at both depths.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from opir.imaging.photo import Photo

_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_COLOUR_TYPES: Final = {1: 0, 2: 4, 3: 2, 4: 6}
_BLOCK_BYTES: Final = 1 << 22


def keyed_alpha(samples: NDArray[np.uint16], key: object) -> NDArray[np.uint16] | None:
    """The alpha (H, W) of a picture in which one gray or colour counts as transparent (``tRNS``); None without one."""
    wanted = (key,) if isinstance(key, int) else key
    if not isinstance(wanted, tuple) or len(wanted) != samples.shape[2]:
        return None
    is_key = np.ones(samples.shape[:2], np.bool_)
    for channel, value in enumerate(wanted):
        is_key &= samples[..., channel] == value
    return np.where(is_key, np.uint16(0), np.uint16(65_535))


def with_16_bits(one_pixel_file: bytes, photo: Photo, *, effort: int) -> bytes:
    """The file of a 16-bit photo.

    Args:
        one_pixel_file: a PNG file with the photo's metadata; its pixels are replaced.
        photo: uint16.
        effort: zlib level, 0 to 9.
    """
    parts = [photo.pixels] if photo.alpha is None else [photo.pixels, photo.alpha[..., None]]
    n_channels = sum(part.shape[2] for part in parts)
    pieces = [_SIGNATURE]
    for kind, data in _chunks(one_pixel_file):
        if kind == b"IHDR":
            head = struct.pack(">IIBBBBB", photo.width, photo.height, 16, _COLOUR_TYPES[n_channels], 0, 0, 0)
            pieces.append(_chunk(b"IHDR", head))
        elif kind == b"IDAT":
            pieces += [_chunk(b"IDAT", block) for block in _compressed(parts, effort)]
        else:
            pieces.append(_chunk(kind, data))
    return b"".join(pieces)


def _chunks(file: bytes) -> Iterator[tuple[bytes, bytes]]:
    position = len(_SIGNATURE)
    while position < len(file):
        length, kind = struct.unpack_from(">I4s", file, position)
        yield kind, file[position + 8 : position + 8 + length]
        position += 12 + length


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I4s", len(data), kind) + data + struct.pack(">I", zlib.crc32(data, zlib.crc32(kind)))


def _compressed(parts: Sequence[NDArray[np.generic]], effort: int) -> Iterator[bytes]:
    compressor = zlib.compressobj(effort)
    height, width = parts[0].shape[:2]
    row_bytes = 2 * width * sum(part.shape[2] for part in parts)
    step = max(1, _BLOCK_BYTES // row_bytes)
    above = np.zeros((1, row_bytes), np.uint8)
    for top in range(0, height, step):
        samples = np.concatenate([part[top : top + step] for part in parts], axis=2).astype(">u2")
        rows = samples.reshape(len(samples), -1).view(np.uint8)
        found = compressor.compress(_filtered(rows, above, 2 * samples.shape[2]))
        above = rows[-1:]
        if found:
            yield found
    yield compressor.flush()


def _filtered(rows: NDArray[np.uint8], above: NDArray[np.uint8], distance: int) -> bytes:
    """Each row as the differences that are smallest in sum (section 12.7): Sub to the left or Up to the row above."""
    left = np.zeros_like(rows)
    left[:, distance:] = rows[:, :-distance]
    candidates = [rows - left, rows - np.concatenate([above, rows[:-1]])]
    sums = [np.abs(each.view(np.int8).astype(np.int16)).sum(axis=1, dtype=np.int64) for each in candidates]
    takes_up = sums[1] < sums[0]
    result = np.empty((len(rows), rows.shape[1] + 1), np.uint8)
    result[:, 0] = np.where(takes_up, 2, 1)
    result[:, 1:] = np.where(takes_up[:, None], candidates[1], candidates[0])
    return result.tobytes()
