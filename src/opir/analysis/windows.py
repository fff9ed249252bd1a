"""The parts of a large picture that are looked at, so that the time does not grow with its size."""

from __future__ import annotations

from typing import Final

from opir.runtime.engine import Float32

SIDE_PX: Final = 384
"""Side of a window [px]: at native resolution, because noise, blocks and edges are a matter of single pixels."""

N_PER_AXIS: Final = 3
"""Windows per axis at most."""

GRID_PX: Final = 8
"""Windows begin at multiples of it, so that the blocks of JPEG lie alike in all of them."""


def native_windows(image: Float32, *, side: int = SIDE_PX, n_per_axis: int = N_PER_AXIS) -> tuple[Float32, ...]:
    """Return up to ``n_per_axis`` squared windows, evenly spread, of an image (C, H, W); views, not copies.

    An image that is not larger than all windows together is one window.
    """
    if image.shape[1] <= n_per_axis * side and image.shape[2] <= n_per_axis * side:
        return (image,)
    tops, lefts = (_origins(length, side, n_per_axis) for length in image.shape[1:])
    return tuple(image[:, top : top + side, left : left + side] for top in tops for left in lefts)


def thinned(image: Float32, *, longest_side: int) -> Float32:
    """Return every k-th pixel of an image (C, H, W), so that no side exceeds ``longest_side`` [px]; a view."""
    step = -(-max(image.shape[1:]) // longest_side)
    return image[:, ::step, ::step]


def _origins(length: int, side: int, n: int) -> list[int]:
    """Return where windows begin along an axis: n at most, evenly spread, on the grid, without an overlap."""
    n = max(1, min(n, length // side))
    room = max(0, length - side)
    return [(room * index // max(1, n - 1) if n > 1 else room // 2) // GRID_PX * GRID_PX for index in range(n)]
