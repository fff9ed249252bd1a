"""Readable reference of the per-pixel convolution: gathers every neighbourhood, then contracts it."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor


def pixelwise_conv_reference(
    image: Tensor, kernels: Tensor, *, dilations: Sequence[int] = (1,), mixing: Tensor | None = None
) -> Tensor:
    """Compute the same as :func:`opir.ops.pixelwise_conv`, by unfolding.

    It materialises a buffer k * k times larger than the image for every dilation and differentiates
    automatically; it is what the fast forms are tested against, and nothing else uses it.
    """
    batch, channels, height, width = image.shape
    n_taps = kernels.shape[1] // channels
    size = round(n_taps**0.5)
    per_tap = kernels.reshape(batch, n_taps, channels, height, width)
    result = torch.zeros_like(image)
    for position, dilation in enumerate(dilations):
        radius = dilation * (size // 2)
        padded = F.pad(image, (radius, radius, radius, radius), mode="replicate")
        columns = F.unfold(padded, kernel_size=size, dilation=dilation)
        neighbours = columns.reshape(batch, channels, n_taps, height, width)
        filtered = torch.einsum("bkchw,bckhw->bchw", per_tap, neighbours)
        weight = 1.0 if mixing is None else mixing[:, position : position + 1]
        result = result + weight * filtered
    return result
