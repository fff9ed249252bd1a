"""PGM and PPM files with more than 8 bits per sample (Netpbm: P2, P3, P5 and P6 with a largest value above 255)."""

from __future__ import annotations

import re
from typing import BinaryIO, Final

import numpy as np

from opir.errors import UnreadableImageError
from opir.imaging.photo import Photo, Samples

_HEAD: Final = re.compile(rb"P([2356])(?:\s+|#[^\r\n]*[\r\n])+")
_FIELD: Final = re.compile(rb"(?:\s+|#[^\r\n]*[\r\n])*(\d{1,9})")
_TEXT_BYTES: Final = 12
"""Largest number of bytes that one number of a text file may take, on average."""


def read_deep_ppm(stream: BinaryIO) -> Samples:
    """The samples (H, W, C), C = 1 or 3, spread over all 65,536 levels; exact where the largest value is 65,535.

    Raises:
        UnreadableImageError: if the file is damaged or cut off.
    """
    stream.seek(0)
    head = stream.read(4096)
    magic = _HEAD.match(head)
    position, fields = (0 if magic is None else magic.end(0)), []
    for _ in range(3):
        found = _FIELD.match(head, position)
        if magic is None or found is None:
            raise UnreadableImageError("the PPM file is damaged or cut off")
        fields.append(int(found[1]))
        position = found.end()
    assert magic is not None
    width, height, largest = fields
    n_channels = 3 if magic[1] in b"36" else 1
    if width < 1 or height < 1 or not 255 < largest <= 65_535:
        raise UnreadableImageError(f"the PPM file is damaged: {width} × {height} pixels of up to {largest}")
    count = width * height * n_channels
    samples = _binary(stream, position + 1, count) if magic[1] in b"56" else _text(stream, position, count)
    if int(samples.max()) > largest:
        raise UnreadableImageError(f"the PPM file is damaged: it holds a value above its largest, {largest}")
    if largest != 65_535:
        samples = np.rint(samples * np.float32(65_535 / largest)).astype(np.uint16)
    return samples.reshape(height, width, n_channels)


def _binary(stream: BinaryIO, position: int, count: int) -> Samples:
    stream.seek(position)
    data = stream.read(2 * count)
    if len(data) < 2 * count:
        raise UnreadableImageError("the PPM file is cut off")
    return np.frombuffer(data, ">u2").astype(np.uint16)


def _text(stream: BinaryIO, position: int, count: int) -> Samples:
    stream.seek(position)
    numbers = re.sub(rb"#[^\r\n]*", b" ", stream.read(_TEXT_BYTES * count)).split()[:count]
    if len(numbers) < count or not all(number.isdigit() and len(number) < 6 for number in numbers):
        raise UnreadableImageError("the PPM file is damaged or cut off")
    return np.array([min(int(number), 65_535) for number in numbers], np.uint16)


def encode_deep_ppm(photo: Photo) -> bytes:
    """The file of a 16-bit photo, binary: P5 for gray, P6 for colours."""
    head = f"P{5 if photo.is_gray else 6}\n{photo.width} {photo.height}\n65535\n"
    return head.encode() + photo.pixels.astype(">u2").tobytes()
