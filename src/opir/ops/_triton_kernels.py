# ruff: noqa: ANN001, ANN202, RUF005 - Triton reads annotations as types of its own, and joins tuples by + only
# mypy: ignore-errors
"""Triton kernels of the per-pixel convolution: values, gradients per pixel, gradient of the image.

Notation of :func:`opir.ops.pixelwise_conv`: ``out(c, p) = sum_d w(d, p) sum_t K(t, c, p) image(c, clamp(p + d t))``.
One program computes a rectangle of ROWS x COLUMNS pixels of one picture, all colours. Coefficients are read once, each
from where it is used; the neighbourhood of a pixel comes out of the first-level cache, in which the rectangle and its
rim fit. All sums are float32 whatever is stored. Nothing is added atomically: the same input gives the same bits.

Planes are addressed in 64 bits, so that tensors may have more than 2^31 elements; positions inside a rectangle are
32-bit offsets from its corner.

Import this module only where Triton is installed. Annotations stay out of the signatures but for ``tl.constexpr``:
they mean something to Triton.
"""

from __future__ import annotations

import triton
import triton.language as tl

NO_MIXING = 0
"""Every dilation weighs 1."""

WEIGHTS = 1
"""The mixing tensor holds weights."""

LOGITS = 2
"""The mixing tensor holds logits; their softmax over the dilations is the weights."""

_LOGITS = tl.constexpr(LOGITS)
_NO_MIXING = tl.constexpr(NO_MIXING)


@triton.jit
def _plane(pointer, strides, batch, channel):
    """First element of one plane, addressed in 64 bits."""
    index = tl.full((), channel, tl.int64)
    return pointer + batch.to(tl.int64) * strides[0] + index * strides[1]


@triton.jit
def _corner(strides, row, column):
    """Offset of a rectangle's corner within its plane, in 64 bits."""
    return row.to(tl.int64) * strides[2] + column.to(tl.int64) * strides[3]


@triton.jit
def _inside(strides, rows, columns):
    """Offsets from a rectangle's corner, (ROWS, COLUMNS)."""
    return rows[:, None] * strides[2] + columns[None, :] * strides[3]


@triton.jit
def _rectangle(program, n_tiles_down, n_tiles_across, ROWS: tl.constexpr, COLUMNS: tl.constexpr):
    """Picture, first row and first column of a program; neighbours in a row run one after the other."""
    across = program % n_tiles_across
    rest = program // n_tiles_across
    return rest // n_tiles_down, (rest % n_tiles_down) * ROWS, across * COLUMNS


@triton.jit
def _weights(pointer, strides, batch, offsets, mask, FORM: tl.constexpr, N: tl.constexpr):
    """The weight of each dilation at the pixels of a rectangle, a tuple of N."""
    weights = ()
    if FORM == _NO_MIXING:
        for _ in tl.static_range(N):
            weights = weights + (tl.full(offsets.shape, 1.0, tl.float32),)
    else:
        for d in tl.static_range(N):
            value = tl.load(_plane(pointer, strides, batch, d) + offsets, mask=mask, other=0.0)
            weights = weights + (value.to(tl.float32),)
    if FORM == _LOGITS:
        largest = weights[0]
        for d in tl.static_range(1, N):
            largest = tl.maximum(largest, weights[d])
        powers = ()
        total = tl.zeros(offsets.shape, tl.float32)
        for d in tl.static_range(N):
            power = tl.exp(weights[d] - largest)
            powers = powers + (power,)
            total += power
        weights = ()
        for d in tl.static_range(N):
            weights = weights + (powers[d] / total,)
    return weights


@triton.jit
def _neighbour(plane, strides, rows, columns, row, column, height, width, DOWN: tl.constexpr, RIGHT: tl.constexpr):
    """The image at a distance from the pixels of a rectangle, its border repeated, as float32."""
    shifted_rows = tl.minimum(tl.maximum(rows + DOWN, 0), height - 1) - row
    shifted_columns = tl.minimum(tl.maximum(columns + RIGHT, 0), width - 1) - column
    return tl.load(plane + _inside(strides, shifted_rows, shifted_columns)).to(tl.float32)


@triton.jit
def forward_kernel(
    image,
    kernels,
    mixing,
    bias,
    result,
    image_strides,
    kernels_strides,
    mixing_strides,
    bias_strides,
    result_strides,
    height,
    width,
    n_tiles_down,
    n_tiles_across,
    CHANNELS: tl.constexpr,
    SIZE: tl.constexpr,
    DILATIONS: tl.constexpr,
    N_DILATIONS: tl.constexpr,
    MIXING: tl.constexpr,
    HAS_BIAS: tl.constexpr,
    ADD_IMAGE: tl.constexpr,
    ROWS: tl.constexpr,
    COLUMNS: tl.constexpr,
):
    """Values: reads every coefficient once, writes the result once."""
    batch, row, column = _rectangle(tl.program_id(0), n_tiles_down, n_tiles_across, ROWS, COLUMNS)
    down, right = tl.arange(0, ROWS), tl.arange(0, COLUMNS)
    rows, columns = row + down, column + right
    mask = (rows < height)[:, None] & (columns < width)[None, :]
    mixing_offsets = _corner(mixing_strides, row, column) + _inside(mixing_strides, down, right)
    weights = _weights(mixing, mixing_strides, batch, mixing_offsets, mask, MIXING, N_DILATIONS)
    total = weights[0]
    for d in tl.static_range(1, N_DILATIONS):
        total += weights[d]
    kernels_offsets = _inside(kernels_strides, down, right)
    for c in tl.static_range(CHANNELS):
        plane = _plane(image, image_strides, batch, c) + _corner(image_strides, row, column)
        centre = _neighbour(plane, image_strides, rows, columns, row, column, height, width, 0, 0)
        value = tl.zeros((ROWS, COLUMNS), tl.float32)
        for tap in tl.static_range(SIZE * SIZE):
            at = _plane(kernels, kernels_strides, batch, tap * CHANNELS + c) + _corner(kernels_strides, row, column)
            kernel = tl.load(at + kernels_offsets, mask=mask, other=0.0).to(tl.float32)
            if 2 * tap + 1 == SIZE * SIZE:
                mixed = centre * total
            else:
                mixed = tl.zeros((ROWS, COLUMNS), tl.float32)
                for d in tl.static_range(N_DILATIONS):
                    mixed += weights[d] * _neighbour(
                        plane,
                        image_strides,
                        rows,
                        columns,
                        row,
                        column,
                        height,
                        width,
                        DILATIONS[d] * (tap // SIZE - SIZE // 2),
                        DILATIONS[d] * (tap % SIZE - SIZE // 2),
                    )
            value += kernel * mixed
        if ADD_IMAGE:
            value += centre
        if HAS_BIAS:
            at = _plane(bias, bias_strides, batch, c) + _corner(bias_strides, row, column)
            value += tl.load(at + _inside(bias_strides, down, right), mask=mask, other=0.0).to(tl.float32)
        at = _plane(result, result_strides, batch, c) + _corner(result_strides, row, column)
        tl.store(at + _inside(result_strides, down, right), value.to(result.dtype.element_ty), mask=mask)


@triton.jit
def coefficients_kernel(
    gradient,
    image,
    kernels,
    mixing,
    d_kernels,
    d_mixing,
    gradient_strides,
    image_strides,
    kernels_strides,
    mixing_strides,
    d_kernels_strides,
    d_mixing_strides,
    height,
    width,
    n_tiles_down,
    n_tiles_across,
    CHANNELS: tl.constexpr,
    SIZE: tl.constexpr,
    DILATIONS: tl.constexpr,
    N_DILATIONS: tl.constexpr,
    MIXING: tl.constexpr,
    ROWS: tl.constexpr,
    COLUMNS: tl.constexpr,
):
    """Gradients of kernels and mixing, which concern one pixel each.

    With g the gradient of the result: dK(t, c) = g(c) m(t, c), m the mixed neighbour; dw(d) = sum_tc g K x(d t);
    through the softmax dl(d) = w(d) (dw(d) - sum_e w(e) dw(e)).
    """
    batch, row, column = _rectangle(tl.program_id(0), n_tiles_down, n_tiles_across, ROWS, COLUMNS)
    down, right = tl.arange(0, ROWS), tl.arange(0, COLUMNS)
    rows, columns = row + down, column + right
    mask = (rows < height)[:, None] & (columns < width)[None, :]
    mixing_offsets = _corner(mixing_strides, row, column) + _inside(mixing_strides, down, right)
    weights = _weights(mixing, mixing_strides, batch, mixing_offsets, mask, MIXING, N_DILATIONS)
    total = weights[0]
    for d in tl.static_range(1, N_DILATIONS):
        total += weights[d]
    d_weights = ()
    for _ in tl.static_range(N_DILATIONS):
        d_weights = d_weights + (tl.zeros((ROWS, COLUMNS), tl.float32),)
    d_total = tl.zeros((ROWS, COLUMNS), tl.float32)
    for c in tl.static_range(CHANNELS):
        plane = _plane(image, image_strides, batch, c) + _corner(image_strides, row, column)
        at = _plane(gradient, gradient_strides, batch, c) + _corner(gradient_strides, row, column)
        g = tl.load(at + _inside(gradient_strides, down, right), mask=mask, other=0.0).to(tl.float32)
        for tap in tl.static_range(SIZE * SIZE):
            at = _plane(kernels, kernels_strides, batch, tap * CHANNELS + c) + _corner(kernels_strides, row, column)
            kernel = tl.load(at + _inside(kernels_strides, down, right), mask=mask, other=0.0).to(tl.float32)
            incoming = g * kernel
            if 2 * tap + 1 == SIZE * SIZE:
                x = _neighbour(plane, image_strides, rows, columns, row, column, height, width, 0, 0)
                mixed = x * total
                d_total += incoming * x
            else:
                mixed = tl.zeros((ROWS, COLUMNS), tl.float32)
                updated = ()
                for d in tl.static_range(N_DILATIONS):
                    x = _neighbour(
                        plane,
                        image_strides,
                        rows,
                        columns,
                        row,
                        column,
                        height,
                        width,
                        DILATIONS[d] * (tap // SIZE - SIZE // 2),
                        DILATIONS[d] * (tap % SIZE - SIZE // 2),
                    )
                    mixed += weights[d] * x
                    updated = updated + (d_weights[d] + incoming * x,)
                d_weights = updated
            at = _plane(d_kernels, d_kernels_strides, batch, tap * CHANNELS + c)
            at += _corner(d_kernels_strides, row, column)
            change = (g * mixed).to(d_kernels.dtype.element_ty)
            tl.store(at + _inside(d_kernels_strides, down, right), change, mask=mask)
    if MIXING != _NO_MIXING:
        mean = tl.zeros((ROWS, COLUMNS), tl.float32)
        if MIXING == _LOGITS:
            for d in tl.static_range(N_DILATIONS):
                mean += weights[d] * (d_weights[d] + d_total)
        for d in tl.static_range(N_DILATIONS):
            change = d_weights[d] + d_total
            if MIXING == _LOGITS:
                change = weights[d] * (change - mean)
            at = _plane(d_mixing, d_mixing_strides, batch, d) + _corner(d_mixing_strides, row, column)
            tl.store(at + _inside(d_mixing_strides, down, right), change.to(d_mixing.dtype.element_ty), mask=mask)
