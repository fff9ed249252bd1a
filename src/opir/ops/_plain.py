"""The whole operator, border, softmax, bias and image included, in plain tensor arithmetic without autograd.

What the registered operator computes where the fused kernels cannot run, and what they are compared with.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from opir.ops._shift_accumulate import accumulate, accumulate_backward


@dataclass(frozen=True, kw_only=True)
class Options:
    """What distinguishes one use of the operator from another, apart from tensors."""

    dilations: tuple[int, ...]
    """Distances between taps [px]."""
    mixing_is_logits: bool
    """Whether the weights of the dilations are the softmax of what is given."""
    add_image: bool
    """Whether the image is added to the result."""


def plain_forward(
    image: Tensor, kernels: Tensor, mixing: Tensor | None, bias: Tensor | None, options: Options
) -> Tensor:
    """Values, laid out in memory like ``image``."""
    size, reach = _size_and_reach(image, kernels, options)
    padded = F.pad(image, (reach,) * 4, mode="replicate")
    value = accumulate(padded, kernels, _weights(mixing, image, options), options.dilations, size)
    if options.add_image:
        value = image + value
    if bias is not None:
        value = value + bias.to(image.dtype)
    return torch.empty_like(image).copy_(value)


def plain_backward(
    gradient: Tensor, image: Tensor, kernels: Tensor, mixing: Tensor | None, options: Options
) -> tuple[Tensor, Tensor, Tensor]:
    """Gradients of image, kernels and mixing, laid out like them; the last is empty where there is no mixing."""
    size, reach = _size_and_reach(image, kernels, options)
    padded = F.pad(image, (reach,) * 4, mode="replicate")
    weights = _weights(mixing, image, options)
    d_padded, d_kernels, d_weights = accumulate_backward(gradient, padded, kernels, weights, options.dilations, size)
    d_image = _fold_border(d_padded, reach)
    if options.add_image:
        d_image = d_image + gradient
    d_image = torch.empty_like(image).copy_(d_image)
    if mixing is None or weights is None or d_weights is None:
        return d_image, d_kernels, kernels.new_empty(0)
    if options.mixing_is_logits:
        d_weights = weights * (d_weights - (weights * d_weights).sum(dim=1, keepdim=True))
    return d_image, d_kernels, torch.empty_like(mixing).copy_(d_weights)


def _weights(mixing: Tensor | None, image: Tensor, options: Options) -> Tensor | None:
    if mixing is None:
        return None
    mixing = mixing.to(image.dtype)
    return torch.softmax(mixing, dim=1) if options.mixing_is_logits else mixing


def _size_and_reach(image: Tensor, kernels: Tensor, options: Options) -> tuple[int, int]:
    size = math.isqrt(kernels.shape[1] // image.shape[1])
    return size, max(options.dilations) * (size // 2)


def _fold_border(padded: Tensor, reach: int) -> Tensor:
    """Add what lies in the rim of ``reach`` pixels to the border pixels that it repeats."""
    if reach == 0:
        return padded
    height, width = padded.shape[2] - 2 * reach, padded.shape[3] - 2 * reach
    rows = padded[:, :, reach : reach + height].clone()
    rows[:, :, 0] += padded[:, :, :reach].sum(dim=2)
    rows[:, :, -1] += padded[:, :, reach + height :].sum(dim=2)
    folded = rows[..., reach : reach + width].clone()
    folded[..., 0] += rows[..., :reach].sum(dim=3)
    folded[..., -1] += rows[..., reach + width :].sum(dim=3)
    return folded
