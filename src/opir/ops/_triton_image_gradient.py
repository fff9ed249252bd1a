# ruff: noqa: ANN001, ANN202, RUF005 - Triton reads annotations as types of its own, and joins tuples by + only
# mypy: ignore-errors
"""Triton kernels of the gradient with respect to the image, gathered: every pixel sums what was read from it.

With h(t, d, p) = w(d, p) K(t, c, p) g(c, p), the gradient at an inner pixel q is the sum of h(t, d, q - d t) over taps
and dilations, as far as q - d t lies in the picture. A pixel of the border stands for all the positions outside that
repeat it as well; those few pixels have a kernel of their own. No atomics, so the result is the same in every run.

Import this module only where Triton is installed.
"""

from __future__ import annotations

import triton
import triton.language as tl

from opir.ops._triton_kernels import _corner, _inside, _plane, _rectangle


@triton.jit
def inner_kernel(
    gradient,
    kernels,
    weights,
    d_image,
    gradient_strides,
    kernels_strides,
    weights_strides,
    d_image_strides,
    height,
    width,
    n_tiles_down,
    n_tiles_across,
    CHANNELS: tl.constexpr,
    SIZE: tl.constexpr,
    DILATIONS: tl.constexpr,
    N_DILATIONS: tl.constexpr,
    HAS_WEIGHTS: tl.constexpr,
    ADD_IMAGE: tl.constexpr,
    ROWS: tl.constexpr,
    COLUMNS: tl.constexpr,
):
    """All pixels but those of the border. ``weights`` are weights, never logits."""
    batch, row, column = _rectangle(tl.program_id(0), n_tiles_down, n_tiles_across, ROWS, COLUMNS)
    down, right = tl.arange(0, ROWS), tl.arange(0, COLUMNS)
    rows, columns = row + down, column + right
    inner = ((rows > 0) & (rows < height - 1))[:, None] & ((columns > 0) & (columns < width - 1))[None, :]
    sums = ()
    for c in tl.static_range(CHANNELS):
        if ADD_IMAGE:
            at = _plane(gradient, gradient_strides, batch, c) + _corner(gradient_strides, row, column)
            start = tl.load(at + _inside(gradient_strides, down, right), mask=inner, other=0.0).to(tl.float32)
        else:
            start = tl.zeros((ROWS, COLUMNS), tl.float32)
        sums = sums + (start,)
    for tap in tl.static_range(SIZE * SIZE):
        for d in tl.static_range(N_DILATIONS):
            from_rows = down - DILATIONS[d] * (tap // SIZE - SIZE // 2)
            from_columns = right - DILATIONS[d] * (tap % SIZE - SIZE // 2)
            in_rows = (row + from_rows >= 0) & (row + from_rows < height)
            in_columns = (column + from_columns >= 0) & (column + from_columns < width)
            mask = inner & in_rows[:, None] & in_columns[None, :]
            if HAS_WEIGHTS:
                at = _plane(weights, weights_strides, batch, d) + _corner(weights_strides, row, column)
                weight = tl.load(at + _inside(weights_strides, from_rows, from_columns), mask=mask, other=0.0)
            else:
                weight = tl.full((ROWS, COLUMNS), 1.0, tl.float32)
            kernels_offsets = _corner(kernels_strides, row, column) + _inside(kernels_strides, from_rows, from_columns)
            gradient_offsets = _corner(gradient_strides, row, column)
            gradient_offsets += _inside(gradient_strides, from_rows, from_columns)
            updated = ()
            for c in tl.static_range(CHANNELS):
                at = _plane(kernels, kernels_strides, batch, tap * CHANNELS + c)
                kernel = tl.load(at + kernels_offsets, mask=mask, other=0.0).to(tl.float32)
                at = _plane(gradient, gradient_strides, batch, c)
                g = tl.load(at + gradient_offsets, mask=mask, other=0.0).to(tl.float32)
                updated = updated + (sums[c] + weight.to(tl.float32) * kernel * g,)
            sums = updated
    for c in tl.static_range(CHANNELS):
        at = _plane(d_image, d_image_strides, batch, c) + _corner(d_image_strides, row, column)
        tl.store(at + _inside(d_image_strides, down, right), sums[c].to(d_image.dtype.element_ty), mask=inner)


@triton.jit
def border_kernel(
    gradient,
    kernels,
    weights,
    d_image,
    gradient_strides,
    kernels_strides,
    weights_strides,
    d_image_strides,
    height,
    width,
    n_border_rows,
    n_border_pixels,
    n_blocks,
    CHANNELS: tl.constexpr,
    CHANNELS_PADDED: tl.constexpr,
    SIZE: tl.constexpr,
    DILATIONS: tl.constexpr,
    N_DILATIONS: tl.constexpr,
    HAS_WEIGHTS: tl.constexpr,
    ADD_IMAGE: tl.constexpr,
    BLOCK: tl.constexpr,
):
    """The pixels of the border, in a line: first row, last row, then the rest of the first and the last column.

    Pixel q collects the gradients of all positions u with clamp(u) = q, u up to d * (k // 2) outside the picture.
    """
    block = tl.program_id(0) % n_blocks
    batch = (tl.program_id(0) // n_blocks).to(tl.int64)
    first = block * BLOCK
    last = tl.minimum(first + BLOCK, n_border_pixels) - 1
    number = first + tl.arange(0, BLOCK)
    in_rows = n_border_rows * width
    side_height = tl.maximum(height - 2, 1)
    is_row = number < in_rows
    row = tl.where(is_row, tl.where(number < width, 0, height - 1), 1 + (number - in_rows) % side_height)
    column = tl.where(is_row, number % width, tl.where(number - in_rows < side_height, 0, width - 1))
    active = number < n_border_pixels
    # Which sides any of these pixels may lie at; too many cost time only, every position is checked below.
    at_top = first < width
    at_bottom = ((height == 1) & (first < width)) | ((first < in_rows) & (last >= width))
    at_sides = (last >= in_rows) | (first // width != last // width) | (first % width == 0) | ((last + 1) % width == 0)

    channel = tl.arange(0, CHANNELS_PADDED)[:, None].to(tl.int64)
    wanted = active[None, :] & (channel < CHANNELS)
    here = row[None, :].to(tl.int64), column[None, :].to(tl.int64)
    total = tl.zeros((CHANNELS_PADDED, BLOCK), tl.float32)
    if ADD_IMAGE:
        offsets = channel * gradient_strides[1] + here[0] * gradient_strides[2] + here[1] * gradient_strides[3]
        total += tl.load(gradient + batch * gradient_strides[0] + offsets, mask=wanted, other=0.0).to(tl.float32)
    for d in tl.static_range(N_DILATIONS):
        reach = DILATIONS[d] * (SIZE // 2)
        above = tl.where(at_top, reach, 0)
        below = tl.where(at_bottom, reach, 0)
        beside = tl.where(at_sides, reach, 0)
        for i in range(-above, below + 1):
            for j in range(-beside, beside + 1):
                outer_row, outer_column = row + i, column + j
                repeats = tl.minimum(tl.maximum(outer_row, 0), height - 1) == row
                repeats &= tl.minimum(tl.maximum(outer_column, 0), width - 1) == column
                for tap in range(SIZE * SIZE):
                    from_row = (outer_row - DILATIONS[d] * (tap // SIZE - SIZE // 2)).to(tl.int64)
                    from_column = (outer_column - DILATIONS[d] * (tap % SIZE - SIZE // 2)).to(tl.int64)
                    inside = active & repeats & (from_row >= 0) & (from_row < height)
                    inside = inside & (from_column >= 0) & (from_column < width)
                    mask = inside[None, :] & (channel < CHANNELS)
                    at = kernels + batch * kernels_strides[0] + (tap * CHANNELS + channel) * kernels_strides[1]
                    within = from_row * kernels_strides[2] + from_column * kernels_strides[3]
                    product = tl.load(at + within[None, :], mask=mask, other=0.0).to(tl.float32)
                    at = gradient + batch * gradient_strides[0] + channel * gradient_strides[1]
                    within = from_row * gradient_strides[2] + from_column * gradient_strides[3]
                    product *= tl.load(at + within[None, :], mask=mask, other=0.0).to(tl.float32)
                    if HAS_WEIGHTS:
                        plane = _plane(weights, weights_strides, batch, d)
                        within = from_row * weights_strides[2] + from_column * weights_strides[3]
                        weight = tl.load(plane + within, mask=inside, other=0.0).to(tl.float32)
                        product *= weight[None, :]
                    total += product
    offsets = channel * d_image_strides[1] + here[0] * d_image_strides[2] + here[1] * d_image_strides[3]
    tl.store(d_image + batch * d_image_strides[0] + offsets, total.to(d_image.dtype.element_ty), mask=wanted)
