"""Means over squares, at a cost that does not depend on their size."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from opir.errors import ConfigurationError


def box_mean(plane: NDArray[np.floating], radius: int) -> NDArray[np.float64]:
    """Mean over the square of side 2 ``radius`` + 1 around every pixel, cut off at the border.

    By differences of cumulative sums; a square that reaches beyond the border is divided by the pixels that it has.

    Args:
        plane: (H, W), any range.
        radius: half the side [px], >= 0.

    Returns:
        (H, W), float64.

    Raises:
        ConfigurationError: if the radius is negative.
    """
    if radius < 0:
        raise ConfigurationError(f"the radius of a box filter must be 0 px or more; got {radius}")
    sums = _window_sums(_window_sums(plane.astype(np.float64), radius).T, radius).T
    height, width = plane.shape
    counts = np.outer(_window_sums(np.ones(height), radius), _window_sums(np.ones(width), radius))
    mean: NDArray[np.float64] = sums / counts
    return mean


def _window_sums(values: NDArray[np.float64], radius: int) -> NDArray[np.float64]:
    """Sums over windows along the first axis, cut off at its ends."""
    size = len(values)
    total = np.concatenate([np.zeros_like(values[:1]), values.cumsum(axis=0)])
    positions = np.arange(size)
    ends, starts = np.minimum(positions + radius + 1, size), np.maximum(positions - radius, 0)
    sums: NDArray[np.float64] = total[ends] - total[starts]
    return sums
