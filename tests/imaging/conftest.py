"""Builders of miniature picture files."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable, Sequence

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image

Noise = Callable[..., NDArray[np.uint8]]
Encode = Callable[..., bytes]
RawPng = Callable[..., bytes]


@pytest.fixture
def noise() -> Noise:
    """(H, W[, C]) uint8 noise with a fixed seed."""

    def make(*shape: int) -> NDArray[np.uint8]:
        return np.random.default_rng(7).integers(0, 256, shape, dtype=np.uint8)

    return make


@pytest.fixture
def encode() -> Encode:
    """The bytes of a file written by Pillow."""

    def make(image: Image.Image | NDArray[np.uint8], format: str, **options: object) -> bytes:
        stream = io.BytesIO()
        image = image if isinstance(image, Image.Image) else Image.fromarray(image)
        image.save(stream, format, **options)
        return stream.getvalue()

    return make


@pytest.fixture
def tiff() -> Encode:
    """The bytes of a file written by tifffile."""

    def make(array: NDArray[np.generic], **options: object) -> bytes:
        stream = io.BytesIO()
        tifffile.imwrite(stream, array, **{"metadata": None, **options})
        return stream.getvalue()

    return make


@pytest.fixture
def raw_png() -> RawPng:
    """A PNG file made by hand, for the kinds that Pillow does not write."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    def make(
        width: int, height: int, bits: int, colour: int, rows: bytes, extra: Sequence[tuple[bytes, bytes]] = ()
    ) -> bytes:
        step = len(rows) // height if height else 0
        lines = b"".join(b"\0" + rows[step * row : step * (row + 1)] for row in range(height)) if step else b""
        return b"".join(
            [
                b"\x89PNG\r\n\x1a\n",
                chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)),
                *(chunk(kind, data) for kind, data in extra),
                chunk(b"IDAT", zlib.compress(lines)),
                chunk(b"IEND", b""),
            ]
        )

    return make


@pytest.fixture
def exif() -> Callable[..., bytes]:
    """An EXIF block from its TIFF header on, with exposure, position, sides and maker's note."""

    def make(orientation: int | None = None) -> bytes:
        block = Image.Exif()
        block[0x010E] = "a description long enough to lie outside of its entry"
        block[0x010F] = "Maker"
        if orientation is not None:
            block[0x0112] = orientation
        block[0x011A], block[0x011B] = 300.0, 150.0
        exposure = block.get_ifd(0x8769)
        exposure[0x829A] = 0.008
        exposure[0x9003] = "2026:10:03 11:22:33"
        exposure[0x927C] = b"private notes of the maker"
        exposure[0xA002], exposure[0xA003] = 4000, 3000
        position = block.get_ifd(0x8825)
        position[1], position[2] = "N", (52.0, 30.0, 12.5)
        position[3], position[4] = "E", (13.0, 23.0, 45.25)
        return block.tobytes().removeprefix(b"Exif\0\0")

    return make
