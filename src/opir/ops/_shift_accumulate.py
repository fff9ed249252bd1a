"""Shift-and-accumulate form of the per-pixel convolution, with its own backward pass.

Written as plain slices, automatic differentiation would allocate a full-size gradient per tap; here every
tap adds into one gradient image in place. Plain tensor arithmetic, so it runs on any device, and without
gradients it is what graph export traces.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.autograd.function import FunctionCtx, once_differentiable


def shift_accumulate(
    padded: Tensor, kernels: Tensor, mixing: Tensor | None, dilations: tuple[int, ...], size: int
) -> Tensor:
    """Filter an image that was padded by ``max(dilations) * (size // 2)`` on every side.

    Args:
        padded: (B, C, H + 2 reach, W + 2 reach).
        kernels: (B, size * size * C, H, W), tap-major.
        mixing: (B, D, H, W) or None.
        dilations: distances between taps.
        size: odd kernel size k.

    Returns:
        (B, C, H, W), dtype of ``padded``.
    """
    needs_gradient = padded.requires_grad or kernels.requires_grad or bool(mixing is not None and mixing.requires_grad)
    if torch.is_grad_enabled() and needs_gradient:
        result: Tensor = _ShiftAccumulate.apply(padded, kernels, mixing, dilations, size)  # type: ignore[no-untyped-call]
        return result
    return accumulate(padded, kernels, mixing, dilations, size)


def _offsets(dilations: tuple[int, ...], size: int, tap: int) -> Iterator[tuple[int, int, int]]:
    """Yield (index of dilation, row, column) of the top-left corner of one tap's shifted read."""
    radius = size // 2
    reach = max(dilations) * radius
    row, column = tap // size - radius, tap % size - radius
    for position, dilation in enumerate(dilations):
        yield position, reach + dilation * row, reach + dilation * column


def _accumulation_dtype(dtype: torch.dtype) -> torch.dtype:
    return torch.float32 if dtype in (torch.float16, torch.bfloat16) else dtype


def _mixed_tap(
    padded: Tensor,
    mixing: Tensor | None,
    dilations: tuple[int, ...],
    size: int,
    tap: int,
    total: Tensor | None,
) -> Tensor:
    """Sum over the dilations of mixing times the image shifted to one tap, (B, C, H, W)."""
    padded_height, padded_width = padded.shape[2:]
    reach = max(dilations) * (size // 2)
    height, width = padded_height - 2 * reach, padded_width - 2 * reach
    if 2 * tap + 1 == size * size:
        centre = padded[..., reach : reach + height, reach : reach + width]
        return centre * total if total is not None else centre * len(dilations)
    mixed: Tensor | None = None
    for position, row, column in _offsets(dilations, size, tap):
        shifted = padded[..., row : row + height, column : column + width]
        if mixing is None:
            mixed = shifted if mixed is None else mixed + shifted
        else:
            weight = mixing[:, position : position + 1]
            mixed = shifted * weight if mixed is None else torch.addcmul(mixed, shifted, weight)
    assert mixed is not None
    return mixed


def accumulate(padded: Tensor, kernels: Tensor, mixing: Tensor | None, dilations: tuple[int, ...], size: int) -> Tensor:
    """Compute :func:`shift_accumulate` without recording anything for gradients."""
    dtype = _accumulation_dtype(padded.dtype)
    image, weights = padded.to(dtype), None if mixing is None else mixing.to(dtype)
    total = None if weights is None else weights.sum(dim=1, keepdim=True)
    channels = padded.shape[1]
    result: Tensor | None = None
    for tap in range(size * size):
        kernel = kernels[:, tap * channels : (tap + 1) * channels].to(dtype)
        mixed = _mixed_tap(image, weights, dilations, size, tap, total)
        result = kernel * mixed if result is None else torch.addcmul(result, kernel, mixed)
    assert result is not None
    return result.to(padded.dtype)


class _ShiftAccumulate(torch.autograd.Function):
    """The forward above with gradients accumulated in place, one shifted window at a time."""

    @staticmethod
    def forward(
        ctx: FunctionCtx,
        padded: Tensor,
        kernels: Tensor,
        mixing: Tensor | None,
        dilations: tuple[int, ...],
        size: int,
    ) -> Tensor:
        ctx.save_for_backward(padded, kernels, mixing)  # type: ignore[arg-type]
        ctx.dilations, ctx.size = dilations, size  # type: ignore[attr-defined]
        return accumulate(padded, kernels, mixing, dilations, size)

    @staticmethod
    @once_differentiable
    def backward(ctx: FunctionCtx, gradient: Tensor) -> tuple[Tensor, Tensor, Tensor | None, None, None]:
        padded, kernels, mixing = ctx.saved_tensors  # type: ignore[attr-defined]
        dilations, size = ctx.dilations, ctx.size  # type: ignore[attr-defined]
        return *accumulate_backward(gradient, padded, kernels, mixing, dilations, size), None, None


def accumulate_backward(
    gradient: Tensor,
    padded: Tensor,
    kernels: Tensor,
    mixing: Tensor | None,
    dilations: tuple[int, ...],
    size: int,
) -> tuple[Tensor, Tensor, Tensor | None]:
    """Gradients of the padded image, the kernels and the mixing weights.

    With g the gradient of the result: dK(t) = g m(t) with m the mixed tap; dw(d) = sum_t <g K(t), I(p + d t)>
    over colours; dI gathers w(d) g K(t) back to p + d t.
    """
    dtype = _accumulation_dtype(padded.dtype)
    gradient, image = gradient.to(dtype).contiguous(), padded.to(dtype)
    weights = None if mixing is None else mixing.to(dtype)
    total = None if weights is None else weights.sum(dim=1, keepdim=True)
    channels = padded.shape[1]
    height, width = gradient.shape[-2:]
    d_image = torch.zeros_like(image)
    d_kernels = torch.empty_like(kernels)
    d_weights = None if weights is None else torch.zeros_like(weights)
    d_total = torch.zeros_like(gradient[:, :1])
    for tap in range(size * size):
        window = slice(tap * channels, (tap + 1) * channels)
        incoming = gradient * kernels[:, window].to(dtype)
        is_centre = 2 * tap + 1 == size * size
        if is_centre:
            _, row, column = next(_offsets(dilations, size, tap))
            shifted = image[..., row : row + height, column : column + width]
            target = d_image[..., row : row + height, column : column + width]
            mixed = shifted * (len(dilations) if total is None else total)
            if total is None:
                target.add_(incoming, alpha=len(dilations))
            else:
                target.addcmul_(incoming, total)
                d_total += (incoming * shifted).sum(dim=1, keepdim=True)
            d_kernels[:, window] = gradient * mixed
            continue
        mixed = torch.zeros_like(gradient)
        for position, row, column in _offsets(dilations, size, tap):
            shifted = image[..., row : row + height, column : column + width]
            target = d_image[..., row : row + height, column : column + width]
            if weights is None or d_weights is None:
                mixed += shifted
                target += incoming
                continue
            weight = weights[:, position : position + 1]
            mixed.addcmul_(shifted, weight)
            target.addcmul_(incoming, weight)
            d_weights[:, position] += (incoming * shifted).sum(dim=1)
        d_kernels[:, window] = gradient * mixed
    if d_weights is not None:
        d_weights += d_total
    return d_image.to(padded.dtype), d_kernels, None if d_weights is None else d_weights.to(padded.dtype)
