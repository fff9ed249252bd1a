"""Where a training crop lies in its surroundings, and how much it is enlarged."""

from __future__ import annotations

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


def source_size(size: int, largest_factor: float, draw: float) -> int:
    """Side of the crop that becomes ``size`` pixels wide, for a number ``draw`` in [0, 1) that chooses the factor."""
    return round(size / (1 + draw * (largest_factor - 1)))


def enlarge(crops: Tensor, size: int) -> Tensor:
    """Enlarge crops (B, 3, S, S), sRGB in [0, 1], to ``size`` pixels, bicubic, quantised to 8 bits."""
    if crops.shape[-1] == size:
        return crops
    larger = F.interpolate(crops, size=(size, size), mode="bicubic", align_corners=False)
    return torch.round(larger.clamp(0, 1) * 255) / 255
