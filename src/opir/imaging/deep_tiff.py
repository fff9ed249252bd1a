"""Decode TIFF pages with 16-bit integers or with floating-point samples.

tifffile reads them at full depth where the samples are stored plainly or with ZIP compression. Its plain build knows
no other compression, and Pillow does (libtiff), in two passes (:mod:`opir.imaging.two_passes`).
"""

from __future__ import annotations

import zlib
from typing import BinaryIO, Final

import numpy as np
from PIL import Image, ImageFile

from opir.errors import UnreadableImageError, UnsupportedImageError
from opir.imaging.arrays import check_range
from opir.imaging.orientation import UPRIGHT, turn_upright
from opir.imaging.photo import Samples, largest_value
from opir.imaging.tiff_header import GRAY_FROM_WHITE, TiffPage
from opir.imaging.two_passes import decode_16_bits

_PLAIN: Final = 1
_ZIP: Final = (8, 32946)
_GRAY: Final = (0, 1)
_RGB: Final = 2
_PREMULTIPLIED: Final = 1
_TILE_PIXELS: Final = 4096 * 4096
_SLICE_BYTES: Final = 1 << 20


def read_deep_tiff(stream: BinaryIO, page: TiffPage) -> tuple[Samples, Samples | None]:
    """The pixels (H, W, C) and the alpha (H, W) or None of one page: uint16, or float32 in [0, 1], upright.

    Raises:
        UnreadableImageError: if the file is damaged or cut off.
        UnsupportedImageError: if the page is stored in a way that is not handled, or floating-point samples are
            not in [0, 1].
    """
    _check(page)
    turned = False
    if page.compression == _PLAIN or (page.compression in _ZIP and page.predictor != 3):
        samples = _with_tifffile(stream, page)
    elif page.is_float or page.is_planar or page.photometric == GRAY_FROM_WHITE:
        raise UnsupportedImageError(
            f"is a {page.bits}-bit TIFF with compression {page.compression} and predictor {page.predictor}, which is "
            "not handled at this depth; save it uncompressed or with ZIP compression without a predictor"
        )
    else:
        samples, turned = _with_pillow(stream, page), True
    if page.photometric == GRAY_FROM_WHITE:
        samples = (largest_value(samples) - samples).astype(samples.dtype)
    n_colours = 1 if page.photometric in _GRAY else 3
    pixels, alpha = samples[..., :n_colours], samples[..., n_colours] if samples.shape[2] > n_colours else None
    if alpha is not None and page.alpha == _PREMULTIPLIED:
        pixels = _divided(pixels, alpha)
    check_range(samples)
    orientation = UPRIGHT if turned else page.orientation  # Pillow turns TIFF pages while it loads them
    return turn_upright(pixels, orientation), None if alpha is None else turn_upright(alpha, orientation)


def _check(page: TiffPage) -> None:
    n_colours = 1 if page.photometric in _GRAY else 3
    if page.photometric not in (*_GRAY, _RGB):
        raise UnsupportedImageError(
            f"has {page.bits} bits per channel and is neither gray nor RGB (it may be CMYK or Lab); "
            "convert it to 16-bit RGB first"
        )
    if page.n_samples not in (n_colours, n_colours + 1) or (page.n_samples > n_colours) != (page.alpha > 0):
        raise UnsupportedImageError(
            f"has {page.n_samples} samples per pixel; expected {n_colours}, or one more for transparency"
        )


def _with_tifffile(stream: BinaryIO, page: TiffPage) -> Samples:
    # Not at the top of the file: tifffile takes ten times as long to import as all of Pillow that is used.
    from tifffile import TiffFile

    stream.seek(0)
    with TiffFile(stream) as file:
        found = file.pages[page.index].aspage()
        expected = (*found.shape,)
        if page.size is None or int(np.prod(expected)) != page.size[0] * page.size[1] * page.n_samples:
            raise UnreadableImageError("the TIFF file is damaged: its sizes do not agree")
        if page.tile_pixels > _TILE_PIXELS:
            raise UnreadableImageError(f"the TIFF file is damaged: it claims tiles of {page.tile_pixels} pixels")
        if page.compression in _ZIP:
            per_pixel = (found.bitspersample // 8) * (1 if page.is_planar else page.n_samples)
            piece = page.tile_pixels or min(found.rowsperstrip, page.size[1]) * page.size[0]
            _check_inflated(stream, found.dataoffsets, found.databytecounts, piece * per_pixel)
        samples = found.asarray(maxworkers=1)
    if page.is_planar and page.n_samples > 1:
        samples = np.moveaxis(samples, 0, 2)
    dtype = np.float32 if page.is_float else np.uint16
    width, height = page.size
    return np.asarray(samples).reshape(height, width, page.n_samples).astype(dtype, copy=False)


def _check_inflated(stream: BinaryIO, offsets: tuple[int, ...], counts: tuple[int, ...], expected: int) -> None:
    """Raise :class:`UnreadableImageError` if a piece inflates to more than it should: tifffile would follow it."""
    for offset, count in zip(offsets, counts, strict=False):
        stream.seek(offset)
        data, inflater, n_bytes = stream.read(count), zlib.decompressobj(), 0
        while data:
            n_bytes += len(inflater.decompress(data, _SLICE_BYTES))
            if n_bytes > expected:
                raise UnreadableImageError(
                    f"the TIFF file is damaged: a piece of {expected} bytes inflates to more than that"
                )
            data = inflater.unconsumed_tail


def _with_pillow(stream: BinaryIO, page: TiffPage) -> Samples:
    def open_page() -> ImageFile.ImageFile:
        stream.seek(0)
        image = Image.open(stream, formats=("TIFF",))
        image.seek(page.index)
        return image

    return decode_16_bits(open_page)[0]


def _divided(pixels: Samples, alpha: Samples) -> Samples:
    """Colours divided by the alpha that they are premultiplied with; where it is 0 they stay."""
    largest = largest_value(alpha)
    share = np.where(alpha == 0, np.float32(largest), alpha)[..., None] / np.float32(largest)
    levels = np.minimum(pixels / share, np.float32(largest))
    return (levels if pixels.dtype.kind == "f" else np.rint(levels)).astype(pixels.dtype)
