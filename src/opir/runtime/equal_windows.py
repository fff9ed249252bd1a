"""Windows of one shape around tiles, for engines that prepare themselves for a shape, and the engines' own memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from opir.runtime.tiling import Window


@runtime_checkable
class DeviceEngine(Protocol):
    """An engine with a device of its own, beside the processor."""

    @property
    def wants_equal_windows(self) -> bool:
        """Whether windows of one shape are worth some more pixels."""
        ...

    def free_bytes(self) -> int:
        """Return the memory [bytes] that is left where the engine computes."""
        ...


def largest_sides(cores: Sequence[Window]) -> tuple[int, int]:
    """Return the largest height and the largest width of some windows [px]."""
    return max(core.height for core in cores), max(core.width for core in cores)


def equal_window(core: Window, largest: tuple[int, int], halo: int, height: int, width: int) -> Window:
    """Return a window around a core that has the same shape whichever core it is.

    It is that of the largest core with its halo, moved inwards at the picture's border: there it ends where the picture
    does, and the false borders lie at least a halo away, so that the values are the same as ever.

    Args:
        core: one of the cores.
        largest: largest height and width of all cores [px].
        halo: context around a core [px], a multiple of the stride.
        height: rows of the padded picture [px].
        width: columns of it [px].
    """
    rows = min(height, largest[0] + 2 * halo)
    columns = min(width, largest[1] + 2 * halo)
    top = min(max(0, core.top - halo), height - rows)
    left = min(max(0, core.left - halo), width - columns)
    return Window(top=top, left=left, bottom=top + rows, right=left + columns)
