"""Pixels to channels and back, as torch's ``pixel_unshuffle`` and ``pixel_shuffle``, but faster on a CPU."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def fold(x: Tensor, factor: int) -> Tensor:
    """Move every cell of ``factor`` x ``factor`` pixels into channels: (B, C, H, W) to (B, C f^2, H / f, W / f).

    H and W must be multiples of the factor. Compiled and exported graphs have torch's own operator.
    """
    if x.is_cuda or torch.compiler.is_compiling():
        return F.pixel_unshuffle(x, factor)
    batch, channels, height, width = x.shape
    cells = x.reshape(batch, channels, height // factor, factor, width // factor, factor).permute(0, 1, 3, 5, 2, 4)
    return cells.reshape(batch, channels * factor**2, height // factor, width // factor)


def unfold(x: Tensor, factor: int) -> Tensor:
    """Undo :func:`fold`: (B, C f^2, h, w) to (B, C, h f, w f)."""
    if x.is_cuda or torch.compiler.is_compiling():
        return F.pixel_shuffle(x, factor)
    batch, channels, height, width = x.shape
    cells = x.reshape(batch, channels // factor**2, factor, factor, height, width).permute(0, 1, 4, 2, 5, 3)
    return cells.reshape(batch, channels // factor**2, height * factor, width * factor)
