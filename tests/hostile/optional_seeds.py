"""Sound little pictures of the formats whose decoders are extras; left out where these are not installed."""

from __future__ import annotations

import importlib.util
import io
from collections.abc import Callable

import numpy as np
import tifffile
from PIL import Image


def dng(shape: tuple[int, int] = (48, 64)) -> bytes:
    """A raw file as small as LibRaw takes it: one colour filter array of 16 bits, gray world."""
    stream = io.BytesIO()
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    samples = (1000 + 400 * rows + 300 * columns).astype(np.uint16)
    matrix = [(10_000 if row == column else 0, 10_000) for row in range(3) for column in range(3)]
    tags = [
        (50706, 1, 4, b"\x01\x04\x00\x00", True),
        (50708, 2, 5, "Test\0", True),
        (33421, 3, 2, (2, 2), True),
        (33422, 1, 4, b"\x00\x01\x01\x02", True),
        (50721, 10, 9, tuple(number for pair in matrix for number in pair), True),
        (50728, 5, 3, (1, 1, 1, 1, 1, 1), True),
        (50778, 3, 1, 21, True),
        (50717, 4, 1, 65_535, True),
        (50714, 3, 1, 0, True),
    ]
    tifffile.imwrite(stream, samples, photometric=32803, metadata=None, extratags=tags)
    return stream.getvalue()


def heic(image: Image.Image, exif: bytes | None = None) -> bytes:
    """An 8-bit HEIC file."""
    import pillow_heif

    stream = io.BytesIO()
    pillow_heif.from_pillow(image).save(stream, quality=95, exif=exif)
    return stream.getvalue()


def deep_heic(pixels: np.ndarray) -> bytes:
    """A HEIC file of 10 bits of pixels (H, W, 3), uint16."""
    import pillow_heif

    stream = io.BytesIO()
    pillow_heif.encode("RGB;16", (pixels.shape[1], pixels.shape[0]), pixels.tobytes(), stream, quality=95)
    return stream.getvalue()


def jpeg_xl(image: Image.Image, **options: object) -> bytes:
    """A lossless JPEG XL file."""
    import pillow_jxl  # noqa: F401 - announces itself to Pillow

    stream = io.BytesIO()
    image.save(stream, "JXL", lossless=True, **options)
    return stream.getvalue()


def optional_seeds(
    image: Image.Image, deep: np.ndarray, exif: bytes
) -> tuple[tuple[str, str, Callable[[], bytes]], ...]:
    """Name, suffix and builder of what can be built and read here."""
    seeds = {
        "pillow_heif": (
            ("heic", ".heic", lambda: heic(image)),
            ("heic-metadata", ".heic", lambda: heic(image, exif)),
            ("heic-16", ".heic", lambda: deep_heic(deep)),
        ),
        "pillow_jxl": (
            ("jxl", ".jxl", lambda: jpeg_xl(image)),
            ("jxl-metadata", ".jxl", lambda: jpeg_xl(image, exif=exif)),
        ),
        "rawpy": (("raw-dng", ".dng", dng),),
    }
    return tuple(each for module, kinds in seeds.items() if importlib.util.find_spec(module) for each in kinds)
