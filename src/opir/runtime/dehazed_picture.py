"""A picture whose haze was removed: held until all of it is there, then made smooth and exposed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from opir.runtime.dehazed_tones import DARK_SHARE, HIGHLIGHT_SHARE, Tones, choose_tones
from opir.runtime.engine import Float32
from opir.runtime.haze_light import DAYLIGHT, HazeLight
from opir.runtime.pixels import Pixels
from opir.runtime.smooth_change import BAND_PX, SmoothChange
from opir.runtime.spec import ModelSpec
from opir.runtime.stages import Deliver
from opir.runtime.tiling import Window
from opir.srgb import luma

LEAST_WEIGHT: Final = 0.25
"""Weight of the task haze from which on a picture is held."""

LEAST_SMOOTHNESS: Final = 0.05
"""A change that would be made less smooth than this stays as it is."""

_N_BINS: Final = 1024


class DehazedPicture:
    """Takes the tiles of a result, and hands the whole over once its haze and its tones are known.

    Until then it is held in float32, 16 bytes per pixel with its error, so that tiles stay exact.
    """

    def __init__(self, pixels: Pixels, *, smoothness: float, light: HazeLight = DAYLIGHT) -> None:
        """Prepare for a picture.

        Args:
            pixels: those of the hazy picture, its light undone.
            smoothness: share of the change that is made smooth, in [0, 1]
                (:func:`opir.runtime.smooth_change.smoothness`).
            light: what has been undone; its colour is given back in the end.
        """
        self._hazy = pixels
        self._light = light
        self._smoothness = np.float32(smoothness)
        self._restored = np.empty((3, pixels.height, pixels.width), np.float32)
        self._expected = np.empty((pixels.height, pixels.width), np.float32)

    def deliver(self, window: Window, restored: Float32, expected: Float32) -> None:
        """Take a window of the picture: restoration (3, h, w), not clipped, and expected error (h, w)."""
        self._restored[(..., *window.slices)] = np.clip(restored, 0.0, 1.0)
        self._expected[window.slices] = expected

    def hand_over(self, deliver: Deliver) -> Tones:
        """Deliver the picture in bands, (3, h, w) in [0, 1] and expected error (h, w); return its curve.

        The error grows by the slope of the curve at the luma of a pixel; that the change is smooth leaves it as it is.
        """
        if self._smoothness >= LEAST_SMOOTHNESS:
            self._make_smooth()
        tones = self._tones()
        for window in self._bands():
            restored, expected = self._restored[(..., *window.slices)], self._expected[window.slices]
            if not tones.change_nothing:
                restored, expected = tones.applied(restored), expected * tones.slope(luma(restored))
            if not self._light.is_daylight:
                restored = self._light.given_back(restored)
                expected = expected * np.float32(self._light.error_factor)
            deliver(window, restored, expected)
        return tones

    def _make_smooth(self) -> None:
        change = SmoothChange(self._hazy, self._restored)
        for window in self._bands():
            hazy, restored = self._hazy.cut(window)[0], self._restored[(..., *window.slices)]
            smooth = hazy + change.at(window, hazy)
            self._restored[(..., *window.slices)] = np.clip(restored + self._smoothness * (smooth - restored), 0, 1)

    def _tones(self) -> Tones:
        """Choose the curve that its veil and its highlights ask for."""
        luma_before, luma_after, darkest_after = np.zeros((3, _N_BINS), np.int64)
        for window in self._bands():
            restored = self._restored[(..., *window.slices)]
            luma_before += _histogram(luma(self._hazy.cut(window)[0]))
            luma_after += _histogram(luma(restored))
            darkest_after += _histogram(restored.min(axis=0))
        return choose_tones(
            black=_quantile(darkest_after, DARK_SHARE),
            highlight=_quantile(luma_after, HIGHLIGHT_SHARE),
            highlight_before=_quantile(luma_before, HIGHLIGHT_SHARE),
        )

    def _bands(self) -> Iterator[Window]:
        height, width = self._expected.shape
        for top in range(0, height, BAND_PX):
            yield Window(top=top, left=0, bottom=min(top + BAND_PX, height), right=width)


def may_be_hazy(spec: ModelSpec, task_weights: Float32) -> bool:
    """Tell whether the weights of the tasks (T,) remove haze, which the model must have learned."""
    weights = dict(zip(spec.tasks, task_weights.tolist(), strict=True))
    return "haze" in spec.trained_tasks and bool(weights["haze"] >= LEAST_WEIGHT)


def _histogram(values: Float32) -> NDArray[np.int64]:
    """Count values in [0, 1]."""
    bins = np.clip(values * _N_BINS, 0, _N_BINS - 1).astype(np.intp)
    return np.bincount(bins.ravel(), minlength=_N_BINS)


def _quantile(histogram: NDArray[np.int64], share: float) -> float:
    """Value that a share of what was counted stays below, between the borders of its bin by how much lies below."""
    below = np.cumsum(histogram)
    wanted = share * below[-1]
    bin_ = int(np.searchsorted(below, wanted))
    inside = (wanted - (below[bin_] - histogram[bin_])) / histogram[bin_]
    return float((bin_ + inside) / _N_BINS)
