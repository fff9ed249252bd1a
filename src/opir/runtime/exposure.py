"""How bright a picture is shown once its haze is gone.

What is left without the light that haze had added may be far too dark to be looked at, as in a picture taken with too
short an exposure (He et al., "Single Image Haze Removal Using Dark Channel Prior", section 4.4, raise it for display
too). So where haze is removed and the highlights are dim, the whole picture follows a curve that brings them up.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from opir.runtime.engine import Float32
from opir.runtime.pixels import Pixels
from opir.runtime.spec import ModelSpec
from opir.runtime.stages import Deliver
from opir.runtime.tiling import Window
from opir.srgb import luma

LEAST_WEIGHT: Final = 0.5
"""Weight of the task haze from which on the exposure is looked at."""

HIGHLIGHT_SHARE: Final = 0.95
"""Share of the pixels that are darker than what counts as highlights."""

LEAST_HIGHLIGHT: Final = 0.5
"""Luma that highlights are brought to, encoded, in [0, 1], unless they were darker in the hazy picture already."""

LEAST_EXPONENT: Final = 0.5
"""Strongest curve: what is black stays black, and noise in what is nearly black does not become all there is."""

_N_BINS: Final = 1024
_LARGEST_CODE: Final = 65535
_BAND_PX: Final = 256


class ExposedPicture:
    """Takes the tiles of a result, and hands the whole over once the exposure is known.

    Until then it is held in 16 bits a channel, its scale in float32: 10 bytes per pixel.
    """

    def __init__(self, pixels: Pixels) -> None:
        """``pixels`` are those of the degraded picture."""
        self._degraded = pixels
        self._codes = np.empty((3, pixels.height, pixels.width), np.uint16)
        self._scale = np.empty((pixels.height, pixels.width), np.float32)
        self._before, self._after = np.zeros((2, _N_BINS), np.int64)

    def deliver(self, window: Window, restored: Float32, scale: Float32) -> None:
        """Take a window of the picture: restoration (3, h, w), not clipped, and scale (h, w)."""
        clipped = np.clip(restored, 0.0, 1.0)
        self._codes[(..., *window.slices)] = np.rint(clipped * _LARGEST_CODE)
        self._scale[window.slices] = scale
        self._before += _histogram(self._degraded.cut(window)[0])
        self._after += _histogram(clipped)

    @property
    def exponent(self) -> float:
        """What encoded values are raised to, 1 where the picture is bright enough."""
        return exposure_exponent(_highlight(self._before), _highlight(self._after))

    def hand_over(self, deliver: Deliver) -> None:
        """Deliver the exposed picture in bands. The scale grows by the slope of the curve at the luma of a pixel."""
        exponent = np.float32(self.exponent)
        height, width = self._scale.shape
        for top in range(0, height, _BAND_PX):
            window = Window(top=top, left=0, bottom=min(top + _BAND_PX, height), right=width)
            restored = self._codes[(..., *window.slices)].astype(np.float32) / np.float32(_LARGEST_CODE)
            scale = self._scale[window.slices]
            if exponent < 1.0:
                slope = exponent * np.maximum(luma(restored), np.float32(1 / _N_BINS)) ** (exponent - 1)
                restored, scale = restored**exponent, scale * slope
            deliver(window, restored, scale)


def may_be_underexposed(spec: ModelSpec, task_weights: Float32) -> bool:
    """Tell whether the weights of the tasks (T,) remove haze."""
    return bool(dict(zip(spec.tasks, task_weights.tolist(), strict=True)).get("haze", 0.0) >= LEAST_WEIGHT)


def exposure_exponent(before: float, after: float) -> float:
    """Return what encoded values are raised to so that highlights of luma ``after`` reach :data:`LEAST_HIGHLIGHT`.

    With h the smaller of that and of ``before``, the highlights of the degraded picture, all in [0, 1]::

        e = log(h) / log(after),   within LEAST_EXPONENT to 1
    """
    wanted = min(LEAST_HIGHLIGHT, before)
    if not 0.0 < after < wanted:
        return 1.0
    return max(LEAST_EXPONENT, float(np.log(wanted) / np.log(after)))


def _histogram(image: Float32) -> NDArray[np.int64]:
    """Count the pixels of (3, h, w) by their luma in [0, 1]."""
    bins = np.clip(luma(image) * _N_BINS, 0, _N_BINS - 1).astype(np.intp)
    return np.bincount(bins.ravel(), minlength=_N_BINS)


def _highlight(histogram: NDArray[np.int64]) -> float:
    """Luma that :data:`HIGHLIGHT_SHARE` of the pixels stay below."""
    shares = np.cumsum(histogram) / histogram.sum()
    return float((np.searchsorted(shares, HIGHLIGHT_SHARE) + 0.5) / _N_BINS)
