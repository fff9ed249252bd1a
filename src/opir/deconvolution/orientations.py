"""Traces of a turned or mirrored picture from those of the picture as it is."""

from __future__ import annotations

from typing import Final

import numpy as np

from opir.deconvolution import alternation, traces
from opir.deconvolution.kernel import Float32

MIRROR_COLUMNS, MIRROR_ROWS, SWAP_AXES = 1, 2, 4
"""Bits of an orientation; rows and columns change places last."""

N_ORIENTATIONS: Final = 8
"""Ways to turn and mirror a square."""

N_MIRRORED: Final = 4
"""The first of them, which leave rows and columns where they are."""

_N_MAPS: Final = traces.N_MAPS + alternation.N_MAPS

AXES_SWAPPED: Final = (3, 4, 5, 0, 1, 2, *range(6, _N_MAPS))
"""Order of all maps where rows and columns change places: those along rows are those along columns then."""

DIAGONALS_SWAPPED: Final = (*range(6), 9, 10, 11, 6, 7, 8, *range(12, _N_MAPS))
"""The same where one axis is mirrored, for both diagonals."""

STATISTICS_SWAPPED: Final = (1, 0, 3, 2, 5, 4, 7, 6, 9, 8, *range(10, traces.N_STATISTICS))
"""Order of the statistics where rows and columns change places."""


def mirrored(plane: Float32, orientation: int) -> Float32:
    """Mirror maps or kernels (..., 33, 33) by one of the first four orientations; a second time undoes it."""
    axes = tuple(axis for axis, bit in ((-1, MIRROR_COLUMNS), (-2, MIRROR_ROWS)) if orientation & bit)
    return np.flip(plane, axes) if axes else plane


def mirrored_maps(maps: Float32, orientation: int) -> Float32:
    """Return the maps (23, 33, 33) of the mirrored picture; those of the alternation up to its border."""
    one_axis = orientation in (MIRROR_COLUMNS, MIRROR_ROWS)
    return mirrored(maps[list(DIAGONALS_SWAPPED)] if one_axis else maps, orientation)
