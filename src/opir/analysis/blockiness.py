"""How strongly the blocks of a compression show in the pixels, whatever the file says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from opir.runtime.engine import Float32
from opir.srgb import luma

BLOCK_PX: Final = 8
"""Side of the blocks of JPEG [px]."""

LEAST_SIDE_PX: Final = 32
"""Four blocks: with fewer, chance decides."""


def blockiness(windows: Sequence[Float32]) -> float | None:
    """Measure by how much neighbours differ more across the borders of blocks than elsewhere [grey levels of 255].

    With D_p the mean absolute difference of horizontally neighbouring luma values at columns p modulo 8, it is
    ``max_p D_p - mean_{q != p} D_q``, averaged with the same for rows: the blockiness B of Z. Wang, H. Sheikh,
    A. Bovik, No-reference perceptual quality assessment of JPEG compressed images, ICIP 2002, eq. 1, less the
    activity A of eq. 2 and 3. The largest p finds the blocks of a picture that was cropped after compression.

    Args:
        windows: (3, H, W), encoded RGB in [0, 1], all beginning at multiples of 8 px of one picture.

    Returns:
        The measure, below about 0.5 for a picture without blocks (the largest of eight is never 0); None for
        pictures below 32 px a side.
    """
    if min(min(window.shape[1:]) for window in windows) < LEAST_SIDE_PX:
        return None
    planes = [luma(window) for window in windows]
    excesses = [_excess([plane.T for plane in planes]), _excess(planes)]
    return 255.0 * float(np.mean(excesses))


def _excess(planes: Sequence[Float32]) -> float:
    """Return by how much the mean absolute difference along columns is larger at one phase than at the others."""
    sums: NDArray[np.float64] = np.zeros(BLOCK_PX)
    counts: NDArray[np.float64] = np.zeros(BLOCK_PX)
    for plane in planes:
        profile = np.abs(np.diff(plane, axis=1)).mean(axis=0, dtype=np.float64)
        phases = np.arange(len(profile)) % BLOCK_PX
        np.add.at(sums, phases, profile * plane.shape[0])
        np.add.at(counts, phases, plane.shape[0])
    means = sums / counts
    largest = int(np.argmax(means))
    return float(means[largest] - np.delete(means, largest).mean())
