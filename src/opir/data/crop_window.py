"""Where a training crop lies in its surroundings, and how much it is enlarged or reduced."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

GRID = 8
"""Side of the blocks of compressed pictures [px]."""


def window(surroundings_size: int, crop_size: int, place: tuple[float, float]) -> tuple[slice, slice]:
    """Rows and columns of a crop in its surroundings.

    Both distances to the corner are multiples of 8 pixels, so that the grid of compressed pictures stays where it is.

    Args:
        surroundings_size: side V of the surroundings, at least that of the crop.
        crop_size: side S of the crop.
        place: two numbers in [0, 1), 0 for the top or left.
    """
    n_places = (surroundings_size - crop_size) // GRID + 1
    top, left = (GRID * int(part * n_places) for part in place)
    return slice(top, top + crop_size), slice(left, left + crop_size)


def source_size(size: int, *, enlarged: float, reduced: float, draw: float) -> int:
    """Side of the crop that becomes ``size`` pixels wide.

    Its logarithm is spread evenly between those of ``size / enlarged`` and ``size * reduced``.

    Args:
        size: side after resizing.
        enlarged: largest factor of enlargement, at least 1.
        reduced: largest factor of reduction, at least 1.
        draw: a number in [0, 1) that chooses the factor.
    """
    return round(size * reduced / math.pow(enlarged * reduced, draw))


def resize(crops: Tensor, size: int) -> Tensor:
    """Bring crops (B, 3, S, S), sRGB in [0, 1], to ``size`` pixels: bicubic, without aliasing, quantised to 8 bits."""
    if crops.shape[-1] == size:
        return crops
    resized = F.interpolate(crops, size=(size, size), mode="bicubic", align_corners=False, antialias=True)
    return torch.round(resized.clamp(0, 1) * 255) / 255
