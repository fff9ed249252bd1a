"""Pad a picture to a multiple of the network's stride, and cut the padding off again."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from opir.errors import ConfigurationError, ShapeError

S = TypeVar("S", bound=np.generic)


def padding_of(size: int, stride: int) -> int:
    """Number of samples that a side of ``size`` lacks to a multiple of ``stride``."""
    return -size % stride


def pad_to_multiple(image: NDArray[S], stride: int) -> NDArray[S]:
    """Pad at the bottom and at the right until both sides are multiples of ``stride``.

    The padding mirrors the picture about its last row and column without repeating them; along a side that is
    not longer than its padding, where no mirror image exists, the last row or column is repeated instead.
    Rows are padded first, then columns, so the corner is the padding of the padding.

    Args:
        image: (C, H, W), any dtype, H and W >= 1.
        stride: the multiple, >= 1.

    Returns:
        (C, H', W') with H' and W' the next multiples; ``image`` itself, not a copy, if nothing is missing.

    Raises:
        ShapeError: if ``image`` is not (C, H, W) or holds no pixel.
        ConfigurationError: if ``stride`` is not positive.
    """
    if stride < 1:
        raise ConfigurationError(f"stride must be at least 1; got {stride}")
    if image.ndim != 3 or 0 in image.shape:
        raise ShapeError(f"image must be (C, H, W) with H, W >= 1; got {image.shape}")
    for axis in (1, 2):
        missing = padding_of(image.shape[axis], stride)
        if missing:
            widths = [(0, missing) if each == axis else (0, 0) for each in range(3)]
            mode = "reflect" if missing < image.shape[axis] else "edge"
            image = np.pad(image, widths, mode=mode)  # type: ignore[call-overload]  # mode is a union here
    return image


def crop_to(image: NDArray[S], height: int, width: int) -> NDArray[S]:
    """Cut a padded (..., H', W') array back to its first ``height`` rows and ``width`` columns, as a view.

    Raises:
        ShapeError: if the array is smaller than that.
    """
    if image.ndim < 2 or not (1 <= height <= image.shape[-2] and 1 <= width <= image.shape[-1]):
        raise ShapeError(f"cannot crop an array of shape {image.shape} to {height} × {width} (height × width)")
    return image[..., :height, :width]
