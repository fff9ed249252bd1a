"""The space that a pixel looks through, for things that float or fall in it."""

from __future__ import annotations

from torch import Tensor

PICTURE_SIDE_PX = 640
"""Sizes in pixels are meant for pictures up to this side; a larger picture is a finer one."""


def picture_scale(height: int, width: int) -> float:
    """Factor of all sizes in pixels for a picture: 1 up to 640 pixels, in proportion to the longer side beyond."""
    return max(1.0, max(height, width) / PICTURE_SIDE_PX)


def focal_length_px(focal_px: Tensor, height: int, width: int) -> Tensor:
    """Focal length (B,) for a picture of that size: as given up to 640 pixels, in proportion beyond.

    So a crop of 128 pixels is a part of a picture, and a photograph of 4000 shows the same weather finer.
    """
    return focal_px * picture_scale(height, width)


def volume_per_pixel(focal_px: Tensor, nearest_m: Tensor | float, farthest_m: Tensor) -> Tensor:
    """Cubic metres behind one pixel between two distances: ``(z2 ** 3 - z1 ** 3) / (3 f ** 2)``, shape (B,)."""
    return (farthest_m**3 - nearest_m**3) / (3 * focal_px**2)


def distance_in_volume(fraction: Tensor, nearest_m: float, farthest_m: Tensor) -> Tensor:
    """Distance in metres below which the ``fraction`` in [0, 1] of that volume lies; uniform in space."""
    return (nearest_m**3 + fraction * (farthest_m**3 - nearest_m**3)) ** (1 / 3)
