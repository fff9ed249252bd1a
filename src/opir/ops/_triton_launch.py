"""Starts the Triton kernels of the per-pixel convolution on torch tensors. Import only where Triton is installed."""

from __future__ import annotations

import math
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from opir.ops import _triton_image_gradient as image_gradient
from opir.ops import _triton_kernels as kernels_of

Strides = tuple[int, int, int, int]


@dataclass(frozen=True, kw_only=True)
class TileShape:
    """The rectangle of pixels that one program computes."""

    rows: int
    """A power of two."""
    columns: int
    """A power of two, at least a warp, so that loads of a warp lie side by side."""
    n_warps: int
    """Groups of 32 threads; the rectangle over 32 times this is the pixels of one thread."""


FORWARD: Final = TileShape(rows=8, columns=32, n_warps=8)
COEFFICIENTS: Final = TileShape(rows=8, columns=32, n_warps=8)
IMAGE_GRADIENT: Final = TileShape(rows=8, columns=32, n_warps=8)
"""One pixel per thread: a shifted read cannot be a wide load, and scattering single ones costs more cache lines than
wide loads of the coefficients would save. ``benchmarks/gpu_operator.py --tune`` times the candidates."""

CANDIDATES: Final = (
    FORWARD,
    TileShape(rows=8, columns=32, n_warps=4),
    TileShape(rows=4, columns=64, n_warps=8),
    TileShape(rows=16, columns=32, n_warps=8),
)
"""What is worth timing on a new device."""

_BORDER_BLOCK: Final = 64


def forward(
    image: Tensor,
    kernels: Tensor,
    mixing: Tensor | None,
    bias: Tensor | None,
    dilations: tuple[int, ...],
    *,
    logits: bool,
    add_image: bool,
    tile: TileShape = FORWARD,
) -> Tensor:
    """Compute the values; arguments as for :func:`opir.ops.pixelwise_conv`, already checked."""
    batch, channels, height, width = image.shape
    result = torch.empty_like(image)
    if result.numel() == 0:
        return result
    down, across = _tiles(height, width, tile)
    with _device_of(image):
        kernels_of.forward_kernel[(batch * down * across,)](
            image,
            kernels,
            image if mixing is None else mixing,
            image if bias is None else bias,
            result,
            _strides(image),
            _strides(kernels),
            _strides(mixing),
            _strides(bias),
            _strides(result),
            height,
            width,
            down,
            across,
            CHANNELS=channels,
            SIZE=_size(kernels, channels),
            DILATIONS=dilations,
            N_DILATIONS=len(dilations),
            MIXING=_form(mixing, logits=logits),
            HAS_BIAS=bias is not None,
            ADD_IMAGE=add_image,
            ROWS=tile.rows,
            COLUMNS=tile.columns,
            num_warps=tile.n_warps,
        )
    return result


def coefficient_gradients(
    gradient: Tensor,
    image: Tensor,
    kernels: Tensor,
    mixing: Tensor | None,
    dilations: tuple[int, ...],
    *,
    logits: bool,
    tile: TileShape = COEFFICIENTS,
) -> tuple[Tensor, Tensor]:
    """Return the gradients of kernels and mixing; the second is empty where there is no mixing."""
    batch, channels, height, width = image.shape
    d_kernels = torch.empty_like(kernels)
    d_mixing = kernels.new_empty(0) if mixing is None else torch.empty_like(mixing)
    if d_kernels.numel() == 0:
        return d_kernels, d_mixing
    down, across = _tiles(height, width, tile)
    with _device_of(image):
        kernels_of.coefficients_kernel[(batch * down * across,)](
            gradient,
            image,
            kernels,
            image if mixing is None else mixing,
            d_kernels,
            d_kernels if mixing is None else d_mixing,
            _strides(gradient),
            _strides(image),
            _strides(kernels),
            _strides(mixing),
            _strides(d_kernels),
            _strides(None if mixing is None else d_mixing),
            height,
            width,
            down,
            across,
            CHANNELS=channels,
            SIZE=_size(kernels, channels),
            DILATIONS=dilations,
            N_DILATIONS=len(dilations),
            MIXING=_form(mixing, logits=logits),
            ROWS=tile.rows,
            COLUMNS=tile.columns,
            num_warps=tile.n_warps,
        )
    return d_kernels, d_mixing


def gradient_of_image(
    gradient: Tensor,
    image: Tensor,
    kernels: Tensor,
    weights: Tensor | None,
    dilations: tuple[int, ...],
    *,
    add_image: bool,
    tile: TileShape = IMAGE_GRADIENT,
) -> Tensor:
    """Return the gradient of the image; ``weights`` are the dilations' weights, not logits."""
    batch, channels, height, width = image.shape
    d_image = torch.empty_like(image)
    if d_image.numel() == 0:
        return d_image
    tensors = (gradient, kernels, image if weights is None else weights, d_image)
    strides = (_strides(gradient), _strides(kernels), _strides(weights), _strides(d_image))
    down, across = _tiles(height, width, tile)
    n_rows = min(height, 2)
    n_border = n_rows * width + min(width, 2) * max(height - 2, 0)
    n_blocks = -(-n_border // _BORDER_BLOCK)
    with _device_of(image):
        image_gradient.inner_kernel[(batch * down * across,)](
            *tensors,
            *strides,
            height,
            width,
            down,
            across,
            CHANNELS=channels,
            SIZE=_size(kernels, channels),
            DILATIONS=dilations,
            N_DILATIONS=len(dilations),
            HAS_WEIGHTS=weights is not None,
            ADD_IMAGE=add_image,
            ROWS=tile.rows,
            COLUMNS=tile.columns,
            num_warps=tile.n_warps,
        )
        image_gradient.border_kernel[(batch * n_blocks,)](
            *tensors,
            *strides,
            height,
            width,
            n_rows,
            n_border,
            n_blocks,
            CHANNELS=channels,
            CHANNELS_PADDED=1 << (channels - 1).bit_length(),
            SIZE=_size(kernels, channels),
            DILATIONS=dilations,
            N_DILATIONS=len(dilations),
            HAS_WEIGHTS=weights is not None,
            ADD_IMAGE=add_image,
            BLOCK=_BORDER_BLOCK,
            num_warps=4,
        )
    return d_image


def _form(mixing: Tensor | None, *, logits: bool) -> int:
    if mixing is None:
        return kernels_of.NO_MIXING
    return kernels_of.LOGITS if logits else kernels_of.WEIGHTS


def _strides(tensor: Tensor | None) -> Strides:
    """Strides of a (B, C, H, W) tensor; zeros stand for a tensor that is not there."""
    if tensor is None:
        return 0, 0, 0, 0
    batch, channel, row, column = tensor.stride()
    return batch, channel, row, column


def _tiles(height: int, width: int, tile: TileShape) -> tuple[int, int]:
    return -(-height // tile.rows), -(-width // tile.columns)


def _size(kernels: Tensor, channels: int) -> int:
    return math.isqrt(kernels.shape[1] // channels)


def _device_of(tensor: Tensor) -> AbstractContextManager[object]:
    """Make the tensor's device current: Triton launches on the current one."""
    return torch.cuda.device(tensor.device) if tensor.is_cuda else nullcontext()
