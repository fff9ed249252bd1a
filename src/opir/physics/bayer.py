"""The colour filter array of a camera: sampling one colour per pixel, and interpolating the others."""

from __future__ import annotations

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

DemosaicMethod = Literal["bilinear", "malvar"]
"""Interpolation: averages of the nearest samples, or those corrected by the Laplacian of the known colour."""

DEMOSAIC_RADIUS = 2
"""Pixels that :func:`demosaic` needs around, and loses, on every side."""

# One kernel per case: green at red or blue; the colour of the row at green; the colour of the column at green;
# red at blue or blue at red.
_BILINEAR = (
    ((0, 0, 0, 0, 0), (0, 0, 2, 0, 0), (0, 2, 0, 2, 0), (0, 0, 2, 0, 0), (0, 0, 0, 0, 0)),
    ((0, 0, 0, 0, 0), (0, 0, 0, 0, 0), (0, 4, 0, 4, 0), (0, 0, 0, 0, 0), (0, 0, 0, 0, 0)),
    ((0, 0, 0, 0, 0), (0, 0, 4, 0, 0), (0, 0, 0, 0, 0), (0, 0, 4, 0, 0), (0, 0, 0, 0, 0)),
    ((0, 0, 0, 0, 0), (0, 2, 0, 2, 0), (0, 0, 0, 0, 0), (0, 2, 0, 2, 0), (0, 0, 0, 0, 0)),
)
_MALVAR = (
    ((0, 0, -1, 0, 0), (0, 0, 2, 0, 0), (-1, 2, 4, 2, -1), (0, 0, 2, 0, 0), (0, 0, -1, 0, 0)),
    ((0, 0, 0.5, 0, 0), (0, -1, 0, -1, 0), (-1, 4, 5, 4, -1), (0, -1, 0, -1, 0), (0, 0, 0.5, 0, 0)),
    ((0, 0, -1, 0, 0), (0, -1, 4, -1, 0), (0.5, 0, 5, 0, 0.5), (0, -1, 4, -1, 0), (0, 0, -1, 0, 0)),
    ((0, 0, -1.5, 0, 0), (0, 2, 0, 2, 0), (-1.5, 0, 6, 0, -1.5), (0, 2, 0, 2, 0), (0, 0, -1.5, 0, 0)),
)


def mosaic(image: Tensor, phase: Tensor) -> Tensor:
    """Keep one colour per pixel: (B, 3, H, W) linear camera RGB to (B, 1, H, W).

    Red sits where row and column have the parities ``phase`` (B, 2), int64 in {0, 1}; blue where both differ;
    green elsewhere. The phase (0, 0) is RGGB.
    """
    red, green, blue = image[:, 0:1], image[:, 1:2], image[:, 2:3]
    red_row, red_column = _parities(image, phase)
    return torch.where(red_row, torch.where(red_column, red, green), torch.where(red_column, green, blue))


def demosaic(raw: Tensor, phase: Tensor, *, method: DemosaicMethod) -> Tensor:
    """Interpolate the missing colours, linearly in the raw values.

    ``malvar`` is Malvar, He and Cutler, "High-quality linear interpolation for demosaicing of Bayer-patterned
    color images" (2004), figure 2.

    Args:
        raw: (B, 1, H, W), H and W at least 5.
        phase: (B, 2), as in :func:`mosaic`.
        method: the interpolation.

    Returns:
        (B, 3, H - 4, W - 4): the pixels whose neighbourhood is complete.
    """
    kernels = torch.tensor(_MALVAR if method == "malvar" else _BILINEAR).to(raw) / 8
    green, row_colour, column_colour, opposite = F.conv2d(raw, kernels[:, None])[:, :, None].unbind(dim=1)
    edge = DEMOSAIC_RADIUS  # even: the parities of the cropped plane are those of the whole
    known = raw[:, :, edge:-edge, edge:-edge]
    red_row, red_column = _parities(known, phase)
    red = torch.where(
        red_row,
        torch.where(red_column, known, row_colour),
        torch.where(red_column, column_colour, opposite),
    )
    blue = torch.where(
        red_row,
        torch.where(red_column, opposite, column_colour),
        torch.where(red_column, row_colour, known),
    )
    return torch.cat((red, torch.where(red_row == red_column, green, known), blue), dim=1)


def _parities(image: Tensor, phase: Tensor) -> tuple[Tensor, Tensor]:
    """Rows (B, 1, H, 1) and columns (B, 1, 1, W) that hold red samples, bool."""
    height, width = image.shape[2:]
    phase = phase.to(image.device)
    rows = torch.arange(height, device=image.device) % 2 == phase[:, :1]
    columns = torch.arange(width, device=image.device) % 2 == phase[:, 1:]
    return rows[:, None, :, None], columns[:, None, None, :]
