"""What the removal of haze changes, made as smooth as haze is.

Haze is an affine map of the scene, ``I = t J + A (1 - t)``, whose transmission t changes slowly but for the edges that
the picture shows itself. A network that sees 72 to 96 pixels at a time does not know that: in a wall of fog it leaves
patches with straight borders. So its change is replaced by the one, affine in the picture around every pixel, that is
nearest to it: the guided filter (He, Sun and Tang, TPAMI 2013), which the dark channel prior is refined with as well.
The coefficients are found on a reduced picture (He and Sun, "Fast guided filter", arXiv 1505.00996).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from opir.runtime.engine import Float32
from opir.runtime.pixels import Pixels
from opir.runtime.spec import ModelSpec
from opir.runtime.tiling import Window

BAND_PX: Final = 256
"""Rows of a picture that are worked on at a time."""

LEAST_SIDE_PX: Final = 256
"""Pictures are reduced by the largest whole factor that leaves their shorter side this long."""

MOST_CELLS: Final = 1_000_000
"""Panoramas are reduced further: about so many cells are held at most, of 300 bytes each while they are fitted."""

SIDES_PER_RADIUS: Final = 16
"""The shorter side, in units of the distance within which a change is affine."""

LEAST_VARIANCE: Final = 1e-5
"""Regularisation: where the picture varies less, its change follows the mean rather than its own variations."""

NOT_SMOOTH: Final = ("noise", "rain", "snow", "blur", "low_light")
"""Degradations whose removal is not affine in the picture. Compression may stay: what it adds is small beside haze."""


def smoothness(spec: ModelSpec, task_weights: Float32) -> float:
    """How far the change may be made smooth, in [0, 1]: as far as nothing but haze is removed.

    Args:
        spec: whose tasks these are.
        task_weights: (T,), in [0, 1].
    """
    weights = dict(zip(spec.tasks, task_weights.tolist(), strict=True))
    return float(np.prod([1 - weights.get(task, 0.0) for task in NOT_SMOOTH]))


class SmoothChange:
    """The change ``slope * picture + offset`` that is nearest to that of a network, around every pixel and per channel.

    Slope and offset are held reduced, in about :data:`MOST_CELLS` cells at most, so that memory is bounded.
    """

    def __init__(self, hazy: Pixels, restored: Float32) -> None:
        """Find the coefficients.

        Args:
            hazy: the picture before.
            restored: (3, H, W), the picture after, encoded, in [0, 1]; of the size of ``hazy``.
        """
        height, width = restored.shape[1:]
        self._factor = max(1, min(height, width) // LEAST_SIDE_PX, math.ceil((height * width / MOST_CELLS) ** 0.5))
        before = np.concatenate([_reduced(cut, self._factor) for cut in self._bands(hazy)], axis=1)
        after = _reduced(restored, self._factor)
        radius = min(before.shape[1:]) // SIDES_PER_RADIUS
        self._slope, self._offset = _affine_fit(before, after - before, max(1, radius))

    def at(self, window: Window, hazy: Float32) -> Float32:
        """Return the change of a window, (3, h, w), of either sign and not clipped.

        Args:
            window: where it lies in the picture.
            hazy: (3, h, w), the picture before, encoded, in [0, 1].
        """
        rows = _positions(np.arange(window.top, window.bottom), self._factor, self._slope.shape[1])
        columns = _positions(np.arange(window.left, window.right), self._factor, self._slope.shape[2])
        change: Float32 = _enlarged(self._slope, rows, columns) * hazy + _enlarged(self._offset, rows, columns)
        return change

    def _bands(self, hazy: Pixels) -> Iterator[Float32]:
        """Cut the picture into bands of whole cells."""
        step = max(1, BAND_PX // self._factor) * self._factor
        for top in range(0, hazy.height, step):
            window = Window(top=top, left=0, bottom=min(top + step, hazy.height), right=hazy.width)
            yield hazy.cut(window)[0]


_Positions = tuple[NDArray[np.intp], NDArray[np.intp], Float32]
"""For every pixel the two cells that it lies between, and how far it has gone from the first to the second."""


def _affine_fit(guide: Float32, target: Float32, radius: int) -> tuple[Float32, Float32]:
    """Slope and offset (3, h, w) of the best affine map from guide to target (3, h, w) around every pixel."""
    guide_mean, target_mean = _box_mean(guide, radius), _box_mean(target, radius)
    covariance = _box_mean(guide * target, radius) - guide_mean * target_mean
    variance = np.maximum(_box_mean(guide * guide, radius) - guide_mean * guide_mean, 0)
    slope = covariance / (variance + LEAST_VARIANCE)
    offset = target_mean - slope * guide_mean
    return _box_mean(slope, radius).astype(np.float32), _box_mean(offset, radius).astype(np.float32)


def _box_mean(values: NDArray[np.floating], radius: int) -> NDArray[np.float64]:
    """Mean of (3, h, w) over squares of ``2 * radius + 1``, mirrored at the borders, in float64."""
    result = values.astype(np.float64)
    for axis in (1, 2):
        reach = min(radius, result.shape[axis] - 1)
        padding = [(reach, reach) if k == axis else (0, 0) for k in range(3)]
        sums = np.cumsum(np.pad(result, padding, mode="reflect"), axis=axis)
        sums = np.insert(sums, 0, 0.0, axis=axis)
        size, length = 2 * reach + 1, result.shape[axis]
        upper = np.take(sums, np.arange(size, size + length), axis=axis)
        result = (upper - np.take(sums, np.arange(length), axis=axis)) / size
    return result


def _reduced(image: Float32, factor: int) -> Float32:
    """Means over cells of ``factor`` pixels, (3, h, w) to (3, ceil(h / factor), ceil(w / factor))."""
    if factor == 1:
        return image
    for axis in (1, 2):
        starts = np.arange(0, image.shape[axis], factor)
        sizes = np.minimum(factor, image.shape[axis] - starts).astype(np.float32)
        image = np.add.reduceat(image, starts, axis=axis) / (sizes[:, None] if axis == 1 else sizes)
    return image


def _positions(pixels: NDArray[np.intp], factor: int, n_cells: int) -> _Positions:
    """Where pixels lie between the centres of cells."""
    place = np.clip((pixels + 0.5) / factor - 0.5, 0, n_cells - 1)
    first = np.minimum(place.astype(np.intp), max(n_cells - 2, 0))
    return first, np.minimum(first + 1, n_cells - 1), (place - first).astype(np.float32)


def _enlarged(cells: Float32, rows: _Positions, columns: _Positions) -> Float32:
    """Interpolate cells (3, h, w) linearly at rows and columns of pixels."""
    upper, lower, down = rows
    left, right, along = columns
    bands = cells[:, upper] + (cells[:, lower] - cells[:, upper]) * down[:, None]
    values: Float32 = bands[:, :, left] + (bands[:, :, right] - bands[:, :, left]) * along
    return values
