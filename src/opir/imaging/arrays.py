"""The border between pictures and the arrays of the network, and pictures that start as arrays.

A network array is (3, H, W) float32 in [0, 1], RGB, channels first: the encoded values of the file divided by the
largest one, without any conversion to linear light or to another profile.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from opir.errors import NumericalError, ShapeError
from opir.imaging.photo import Photo, Samples


def photo_from_array(array: NDArray[np.generic]) -> Photo:
    """Make a photo of a uint8 array: (H, W) or (H, W, 1) gray, (H, W, 3) RGB, (H, W, 4) RGB with alpha.

    The values are copied. Floating-point arrays are refused, since nothing tells whether they end at 1 or at 255.

    Raises:
        ShapeError: if the array has another shape or dtype, or holds no pixel.
    """
    if array.dtype != np.uint8:
        raise ShapeError(
            f"a picture array must be uint8, 0 to 255; got {array.dtype}: "
            "scale to 0..255, round and convert with .astype(numpy.uint8)"
        )
    shape = array.shape
    if not (array.ndim == 2 or (array.ndim == 3 and shape[2] in (1, 3, 4))) or array.size == 0:
        raise ShapeError(
            f"a picture array must be (H, W), (H, W, 1), (H, W, 3) or (H, W, 4) with H, W >= 1; got {shape}"
        )
    samples = np.array(array, dtype=np.uint8, order="C").reshape(*shape[:2], -1)
    if samples.shape[2] < 4:
        return Photo(pixels=samples)
    return Photo(pixels=np.ascontiguousarray(samples[..., :3]), alpha=np.ascontiguousarray(samples[..., 3]))


def to_network(photo: Photo) -> NDArray[np.float32]:
    """The picture as the network wants it: (3, H, W) float32 in [0, 1], encoded values; gray is repeated."""
    channels_first = np.broadcast_to(photo.pixels.transpose(2, 0, 1), (3, photo.height, photo.width))
    image = channels_first.astype(np.float32, order="C")
    image /= _largest(photo.pixels)
    return image


def from_network(restored: NDArray[np.float32], like: Photo) -> Photo:
    """Put a result of the network in the place of a photo's pixels.

    Values are clipped to [0, 1], scaled and rounded to the nearest level. A gray photo stays gray: it gets the mean
    of the three channels. Alpha and metadata are the photo's own. ``from_network(to_network(p), p)`` has the pixels
    of ``p`` exactly.

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
    if not np.isfinite(restored).all():
        raise NumericalError("the result holds NaN or infinity; it was not turned into a picture")
    values = restored.mean(axis=0, keepdims=True) if like.is_gray else restored
    levels = np.clip(values, 0.0, 1.0) * _largest(like.pixels)
    pixels: Samples = np.ascontiguousarray(np.rint(levels).astype(like.pixels.dtype).transpose(1, 2, 0))
    return replace(like, pixels=pixels)


def _largest(samples: Samples) -> np.float32:
    return np.float32(np.iinfo(samples.dtype).max)
