"""The border between pictures and the arrays of the network, and pictures that start as arrays.

A network array is (3, H, W) float32 in [0, 1], RGB, channels first: the encoded values of the file divided by the
largest one, without any conversion to linear light or to another profile. All 256 and all 65,536 levels survive the
way there and back, since float32 keeps 24 binary digits.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from opir.errors import NumericalError, ShapeError, UnsupportedImageError
from opir.imaging.photo import SAMPLE_DTYPES, Photo, Samples, largest_value


def photo_from_array(array: NDArray[np.generic]) -> Photo:
    """Make a photo of an array: (H, W) or (H, W, 1) gray, (H, W, 3) RGB, (H, W, 4) RGB with alpha.

    The values are copied: uint8, uint16, or float32 in [0, 1].

    Raises:
        ShapeError: if the array has another shape, dtype or range, or holds no pixel.
    """
    if array.dtype not in SAMPLE_DTYPES:
        raise ShapeError(
            f"a picture array must be uint8 (0 to 255), uint16 (0 to 65535) or float32 (0 to 1); got {array.dtype}: "
            "scale it to one of these and convert it with .astype"
        )
    shape = array.shape
    if not (array.ndim == 2 or (array.ndim == 3 and shape[2] in (1, 3, 4))) or array.size == 0:
        raise ShapeError(
            f"a picture array must be (H, W), (H, W, 1), (H, W, 3) or (H, W, 4) with H, W >= 1; got {shape}"
        )
    samples: Samples = np.array(array, order="C").reshape(*shape[:2], -1)
    try:
        check_range(samples)
    except UnsupportedImageError as error:
        raise ShapeError(str(error)) from error
    if samples.shape[2] < 4:
        return Photo(pixels=samples)
    return Photo(pixels=np.ascontiguousarray(samples[..., :3]), alpha=np.ascontiguousarray(samples[..., 3]))


def check_range(samples: Samples) -> None:
    """Raise :class:`UnsupportedImageError` unless floating-point samples are finite and in [0, 1].

    Nothing tells what is white in a file that goes beyond 1, so nothing is guessed.
    """
    if samples.dtype.kind != "f":
        return
    lowest, highest = float(samples.min()), float(samples.max())  # NaN goes through both
    if not np.isfinite(lowest) or not np.isfinite(highest):
        raise UnsupportedImageError(
            "floating-point samples must be numbers between 0 and 1; got NaN or infinity: replace these first"
        )
    if lowest < 0.0 or highest > 1.0:
        raise UnsupportedImageError(
            f"floating-point samples must lie between 0 (black) and 1 (white); got {lowest:g} to {highest:g}: "
            "divide by the value of white and clip, or tone-map a scene-referred picture first"
        )


def eight_bits(photo: Photo) -> Photo:
    """The photo with 8 bits per sample, each the nearest to its value; the photo itself if it has no more."""
    if photo.bits == 8:
        return photo
    alpha = None if photo.alpha is None else _requantised(photo.alpha, np.uint8)
    return replace(photo, pixels=_requantised(photo.pixels, np.uint8), alpha=alpha)


def eight_bit_colours(photo: Photo) -> NDArray[np.uint8]:
    """The pixels as (H, W, 3), uint8: rounded if they have more bits, gray repeated; the photo's own array if not."""
    pixels = eight_bits(photo).pixels.astype(np.uint8, copy=False)
    return np.repeat(pixels, 3, axis=2) if photo.is_gray else pixels


def sixteen_bits(photo: Photo) -> Photo:
    """The photo with 16 bits per sample, each the nearest to its value; the photo itself if it has no more."""
    if photo.bits != 32:
        return photo
    alpha = None if photo.alpha is None else _requantised(photo.alpha, np.uint16)
    return replace(photo, pixels=_requantised(photo.pixels, np.uint16), alpha=alpha)


def _requantised(samples: Samples, dtype: type[np.uint8 | np.uint16]) -> Samples:
    """Row by row in blocks, so that no floating-point copy of a large picture is made."""
    result = np.empty(samples.shape, dtype)
    factor = np.float32(np.iinfo(dtype).max / largest_value(samples))
    for top in range(0, len(samples), _BLOCK_ROWS):
        block = np.multiply(samples[top : top + _BLOCK_ROWS], factor, dtype=np.float32)
        result[top : top + _BLOCK_ROWS] = np.rint(block, out=block)
    return result


def to_network(photo: Photo) -> NDArray[np.float32]:
    """The picture as the network wants it: (3, H, W) float32 in [0, 1], encoded values; gray is repeated."""
    channels_first = np.broadcast_to(photo.pixels.transpose(2, 0, 1), (3, photo.height, photo.width))
    image = channels_first.astype(np.float32, order="C")
    if photo.bits != 32:
        image /= np.float32(largest_value(photo.pixels))
    return image


def from_network(restored: NDArray[np.float32], like: Photo) -> Photo:
    """Put a result of the network in the place of a photo's pixels.

    Values are clipped to [0, 1], scaled and rounded to the nearest level; those of a floating-point photo are only
    clipped. A gray photo stays gray: it gets the mean of the three channels. Alpha and metadata are the photo's own.
    ``from_network(to_network(p), p)`` has the pixels of ``p`` exactly. Beside the result, one plane is needed.

    Args:
        restored: (3, H, W) float32, encoded values, nominally in [0, 1].
        like: the photo that the result was made from, H × W.

    Raises:
        ShapeError: if ``restored`` does not have that shape or is not floating point.
        NumericalError: if it holds NaN or infinity.
    """
    expected = (3, like.height, like.width)
    if restored.shape != expected or restored.dtype.kind != "f":
        raise ShapeError(
            f"the result must be {expected} float32 to match its photo; got {restored.shape} {restored.dtype}"
        )
    if not all(np.isfinite(plane).all() for plane in restored):
        raise NumericalError("the result holds NaN or infinity; it was not turned into a picture")
    pixels = np.empty(like.pixels.shape, like.pixels.dtype)
    planes = [_mean(restored)] if like.is_gray else restored
    for channel, plane in enumerate(planes):
        levels = np.clip(plane, 0.0, 1.0)
        if like.bits != 32:
            levels *= np.float32(largest_value(like.pixels))
            np.rint(levels, out=levels)
        pixels[..., channel] = levels
    return replace(like, pixels=pixels)


def _mean(planes: NDArray[np.float32]) -> NDArray[np.float32]:
    """The mean of three planes; of three equal ones, exactly that plane, which a sum divided by 3 is not."""
    red, green, blue = planes
    difference: NDArray[np.float32] = green - red
    difference += blue - red
    difference /= 3
    difference += red
    return difference


_BLOCK_ROWS = 256
