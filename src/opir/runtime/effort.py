"""Where the second stage is worth its time: only where the first one expects to be wrong.

The picture is divided into blocks on a grid that starts in its corner, whatever the tiles are. The mean of the expected
error over a block decides how much of stage 2 the block gets, from none to all of it; between the centres of the blocks
the share is interpolated, so that nothing changes abruptly from one pixel to the next. With e the mean expected error
of a block after the stage before [grey levels of 255] and the limits l0 < l1::

    g = t^2 (3 - 2 t),   t = clip((e - l0) / (l1 - l0), 0, 1)
    J(p) = J1(p) + g(p) (J2(p) - J1(p))

A pixel where g is 0 needs no J2, and tiles are laid only where it is needed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from opir.runtime.engine import Float32
from opir.runtime.tiling import Window

Effort: TypeAlias = Literal["fast", "balanced", "best"]
"""``fast``: the first stage only; ``balanced``: the others where the one before is unsure; ``best``: all everywhere."""

EFFORTS: Final[tuple[Effort, ...]] = get_args(Effort)
DEFAULT_EFFORT: Final[Effort] = "best"

BLOCK_PX: Final = 64
"""Side of a block [px]; a multiple of every model's stride."""

UNSURE_FROM: Final = 2.0
"""l0: mean expected error of a block [grey levels of 255] up to which it gets nothing of the next stage."""

UNSURE_AT: Final = 2.5
"""l1: mean expected error from which it gets all of it."""


@dataclass(frozen=True, kw_only=True)
class Gate:
    """How much of the next stage the pixels of a core get."""

    share: Float32
    """(h, w), g in [0, 1]."""
    core: Window
    """The pixels that it is about."""

    def windows(self, halo: int, height: int, width: int) -> tuple[Window, ...]:
        """Return windows inside of the core that cover every pixel with g > 0, at about the least cost.

        The cost is the number of pixels including the halo. Windows end on the grid of blocks, or with the core.
        """
        return tuple(_cover(self.core, self.share > 0, self.core, halo, (height, width)))


def gate_of(scale: Float32, levels: float, core: Window, *, rows_from: int, height: int) -> Gate:
    """Return the gate of a core.

    Args:
        scale: (n, W), Laplace scale of the error after the stage before, in units of the image, of the rows from
            ``rows_from`` on: at least ``2 * BLOCK_PX`` of them above and below the core unless the picture ends there.
        levels: grey levels of expected error per unit of ``scale``.
        core: the pixels that are asked for.
        rows_from: row of the padded picture that ``scale`` starts with.
        height: rows of the padded picture.
    """
    width = scale.shape[1]
    rows, columns = _blocks_around(core.top, core.bottom, height), _blocks_around(core.left, core.right, width)
    means = np.empty((len(rows), len(columns)), np.float64)
    for i, row in enumerate(rows):
        top, bottom = row * BLOCK_PX - rows_from, min((row + 1) * BLOCK_PX, height) - rows_from
        for j, column in enumerate(columns):
            block = scale[top:bottom, column * BLOCK_PX : min((column + 1) * BLOCK_PX, width)]
            means[i, j] = levels * block.mean(dtype=np.float64)
    t = np.clip((means - UNSURE_FROM) / (UNSURE_AT - UNSURE_FROM), 0.0, 1.0)
    shares = t * t * (3 - 2 * t)
    across = _interpolated(shares.T, columns, core.left, core.right).T
    return Gate(share=_interpolated(across, rows, core.top, core.bottom).astype(np.float32), core=core)


def _blocks_around(first: int, last: int, size: int) -> range:
    """Return the numbers of the blocks whose centres the pixels [first, last) are interpolated between."""
    n_blocks = -(-size // BLOCK_PX)
    return range(max(0, first // BLOCK_PX - 1), min(n_blocks, (last - 1) // BLOCK_PX + 2))


def _interpolated(values: NDArray[np.float64], blocks: range, first: int, last: int) -> NDArray[np.float64]:
    """Interpolate (n blocks, m) linearly to the pixels [first, last); constant beyond the outermost centres."""
    position = (np.arange(first, last) + 0.5) / BLOCK_PX - 0.5 - blocks.start
    lower = np.clip(np.floor(position).astype(int), 0, len(blocks) - 1)
    upper = np.minimum(lower + 1, len(blocks) - 1)
    weight = np.clip(position - lower, 0.0, 1.0)[:, None]
    result: NDArray[np.float64] = values[lower] + weight * (values[upper] - values[lower])
    return result


def _cover(core: Window, wanted: NDArray[np.bool_], part: Window, halo: int, size: tuple[int, int]) -> Iterator[Window]:
    """Yield windows that cover what is wanted of a part of the core, splitting where that is cheaper."""
    box = _bounding_box(core, wanted, part)
    if box is None:
        return
    halves = [half for half in _halves(box) if half.area]
    if len(halves) == 2:
        boxes = [found for half in halves if (found := _bounding_box(core, wanted, half)) is not None]
        if sum(_cost(each, halo, size) for each in boxes) < _cost(box, halo, size):
            for half in halves:
                yield from _cover(core, wanted, half, halo, size)
            return
    yield box


def _cost(window: Window, halo: int, size: tuple[int, int]) -> int:
    return window.grown(halo, *size).area


def _bounding_box(core: Window, wanted: NDArray[np.bool_], part: Window) -> Window | None:
    """Return the smallest window on the grid that holds what is wanted of a part; None for nothing."""
    inside = wanted[part.within(core).slices]
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    if not len(rows):
        return None
    top, bottom = _on_grid(part.top, part.bottom, rows)
    left, right = _on_grid(part.left, part.right, columns)
    return Window(top=top, left=left, bottom=bottom, right=right)


def _on_grid(first: int, last: int, wanted: NDArray[np.intp]) -> tuple[int, int]:
    start = (first + int(wanted[0])) // BLOCK_PX * BLOCK_PX
    end = -(-(first + int(wanted[-1]) + 1) // BLOCK_PX) * BLOCK_PX
    return max(first, start), min(last, end)


def _halves(window: Window) -> tuple[Window, Window]:
    """Cut a window in two along its longer side, at the middle of the grid lines in it."""
    if window.height >= window.width:
        row = min(window.bottom, max(window.top, _middle(window.top, window.bottom)))
        return (
            Window(top=window.top, left=window.left, bottom=row, right=window.right),
            Window(top=row, left=window.left, bottom=window.bottom, right=window.right),
        )
    column = min(window.right, max(window.left, _middle(window.left, window.right)))
    return (
        Window(top=window.top, left=window.left, bottom=window.bottom, right=column),
        Window(top=window.top, left=column, bottom=window.bottom, right=window.right),
    )


def _middle(first: int, last: int) -> int:
    return round((first + last) / 2 / BLOCK_PX) * BLOCK_PX
