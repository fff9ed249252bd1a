"""Cutting a picture into tiles with a halo, such that computing by tiles changes no value.

A network without global operations computes an output pixel from inputs no further away than its
receptive field. A tile is therefore a *core*, whose outputs are kept, and a *halo* of at least that
radius around it, whose outputs are thrown away. Two things keep the values those of the whole picture:

* Networks that work on coarser grids (strided convolution, pixel unshuffle) see a picture in blocks of
  stride x stride pixels, so every tile starts on that grid.
* At the picture's border the network's own border treatment must act, so a halo ends there; everywhere
  else the false border of the tile is a full halo away from the core.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import Final

from opir.errors import ConfigurationError

SMALLEST_TILE_PX: Final = 64
"""Cores below this side [px] are nearly all halo; memory that does not suffice for them is an error."""

WHOLE: Final = 0
"""The tile size that means: the whole picture at once."""


@dataclass(frozen=True, kw_only=True)
class Window:
    """A rectangle of pixels, ends exclusive."""

    top: int
    """First row."""
    left: int
    """First column."""
    bottom: int
    """One past the last row."""
    right: int
    """One past the last column."""

    @property
    def height(self) -> int:
        """Return the number of rows."""
        return self.bottom - self.top

    @property
    def width(self) -> int:
        """Return the number of columns."""
        return self.right - self.left

    @property
    def area(self) -> int:
        """Return the number of pixels."""
        return self.height * self.width

    @property
    def slices(self) -> tuple[slice, slice]:
        """Return the index that cuts the rectangle out of the last two axes of an array."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    def grown(self, halo: int, height: int, width: int) -> Window:
        """Return the rectangle with ``halo`` more pixels on each side, clipped to the picture."""
        return Window(
            top=max(0, self.top - halo),
            left=max(0, self.left - halo),
            bottom=min(height, self.bottom + halo),
            right=min(width, self.right + halo),
        )

    def within(self, outer: Window) -> Window:
        """Return the same rectangle in coordinates relative to the corner of ``outer``."""
        return Window(
            top=self.top - outer.top,
            left=self.left - outer.left,
            bottom=self.bottom - outer.top,
            right=self.right - outer.left,
        )

    def coarser(self, stride: int) -> Window:
        """Return the rectangle on the grid of stride x stride blocks (all sides must lie on it)."""
        return Window(
            top=self.top // stride,
            left=self.left // stride,
            bottom=self.bottom // stride,
            right=self.right // stride,
        )


def plan_cores(height: int, width: int, *, tile: int, stride: int) -> tuple[Window, ...]:
    """Return the cores that cover a padded picture exactly once, row by row.

    ``tile`` is the largest side of a core [px], rounded down to the stride but at least one stride;
    0 plans one core for the whole picture. Cores are made as equal as the grid allows, since a sliver
    at the edge would cost nearly as much halo as a full tile.

    Raises :class:`ConfigurationError` for a picture that is not padded to the stride or a negative tile.
    """
    if height < stride or width < stride or height % stride or width % stride:
        raise ConfigurationError(
            f"tiles need a picture padded to a multiple of {stride}, got {height} x {width}: pad it first"
        )
    if tile < 0:
        raise ConfigurationError(f"the tile must be 0 (whole picture) or a number of pixels, got {tile}")
    rows = _equal_parts(height, tile or height, stride)
    columns = _equal_parts(width, tile or width, stride)
    return tuple(
        Window(top=top, left=left, bottom=bottom, right=right) for top, bottom in rows for left, right in columns
    )


def automatic_tile(height: int, width: int, *, halo: int, stride: int, bytes_per_pixel: int, budget_bytes: int) -> int:
    """Return the largest tile [px] whose working memory fits the budget; 0 where the whole picture does.

    The memory of a tile is ``bytes_per_pixel * (tile + 2 halo)^2``. The result is a multiple of the
    stride and at least :data:`SMALLEST_TILE_PX` (rounded up to the stride), even if that exceeds the
    budget: there is nothing smaller to offer, and the attempt may still succeed.
    """
    pixels = budget_bytes // bytes_per_pixel
    if height * width <= pixels:
        return WHOLE
    side = math.isqrt(max(0, pixels)) - 2 * halo
    return max(side // stride * stride, smallest_tile(stride))


def smaller_tile(tile: int, height: int, width: int, *, stride: int) -> int | None:
    """Return half the tile, on the stride grid, for a retry after memory ran out; None at the lower end."""
    current = max(height, width) if tile == WHOLE else min(tile, max(height, width))
    if current <= smallest_tile(stride):
        return None
    return max(current // 2 // stride * stride, smallest_tile(stride))


def smallest_tile(stride: int) -> int:
    """Return the smallest tile that is tried [px], a multiple of the stride."""
    return math.ceil(SMALLEST_TILE_PX / stride) * stride


def _equal_parts(length: int, largest: int, stride: int) -> list[tuple[int, int]]:
    """Cut [0, length) at multiples of the stride into the fewest nearly equal parts of at most ``largest``."""
    n_blocks = length // stride
    n_parts = math.ceil(n_blocks / max(1, largest // stride))
    edges = [part * n_blocks // n_parts * stride for part in range(n_parts + 1)]
    return list(itertools.pairwise(edges))
