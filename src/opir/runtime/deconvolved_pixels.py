"""A picture seen through the inverse of its blur: windows of it are sharpened as they are cut."""

from __future__ import annotations

from typing import Final

import numpy as np

from opir.deconvolution.estimate import estimate_blur
from opir.deconvolution.inverse_filter import FILTER_REACH_PX, Blur, filtered, inverse_filter
from opir.runtime.engine import Engine, Float32, KernelEngine
from opir.runtime.pixels import Pixels, SeenPixels
from opir.runtime.result import LIKELY
from opir.runtime.spec import ModelSpec
from opir.runtime.tiling import Window

LEAST_WEIGHT: Final = 0.25
"""Weight of the task blur from which on its kernel is looked for: one that is looked for in vain costs time and nothing
else."""

LEAST_WEIGHT_HIDDEN: Final = 0.9
"""The same where one of :data:`HIDING` is found: in noise kernels are found where there are none."""

HIDING: Final = ("noise", "haze")
"""Tasks whose degradations hide the traces of a kernel, or change what a filter does to it."""

WINDOW_PX: Final = 514
"""Largest side of a window in which it is looked for: gradients of 512 pixels transform fast."""

N_WINDOWS: Final = 3
"""Windows that must agree on the kernel of a larger picture: those with the most edges."""

_MOST_PLACES: Final = 3


class DeconvolvedPixels(SeenPixels):
    """A picture convolved with the inverse of a blur in linear light; see :class:`opir.runtime.pixels.Pixels`."""

    def __init__(self, pixels: Pixels, blur: Blur) -> None:
        super().__init__(pixels)
        self._taps = inverse_filter(blur)

    def cut(self, window: Window) -> Float32:
        """Return a window; see :class:`opir.runtime.pixels.Pixels`. Beyond the border the picture is mirrored."""
        around = window.grown(FILTER_REACH_PX, self.height, self.width)
        missing = (
            (FILTER_REACH_PX - (window.top - around.top), FILTER_REACH_PX - (around.bottom - window.bottom)),
            (FILTER_REACH_PX - (window.left - around.left), FILTER_REACH_PX - (around.right - window.right)),
        )
        encoded = np.pad(self._pixels.cut(around)[0], ((0, 0), *missing), mode="symmetric")
        return filtered(encoded, self._taps)[None]


def find_blur(engine: Engine, pixels: Pixels, task_weights: Float32) -> Blur | None:
    """Return the blur of a picture, or None: where there is none, where it differs from place to place, where the
    picture is too small to tell, and where the engine's model cannot say.

    Args:
        engine: what may hold a network for kernels.
        pixels: the picture.
        task_weights: (T,), in [0, 1].
    """
    if (
        not isinstance(engine, KernelEngine)
        or not engine.finds_kernels
        or not may_be_blurred(engine.spec, task_weights)
    ):
        return None
    return estimate_blur(engine, _windows_with_edges(pixels))


def may_be_blurred(spec: ModelSpec, task_weights: Float32) -> bool:
    """Tell whether the weights of the tasks (T,) make it worth while to look for a kernel."""
    weights = dict(zip(spec.tasks, task_weights.tolist(), strict=True))
    hidden = any(weights.get(task, 0.0) >= LIKELY for task in HIDING)
    return bool(weights.get("blur", 0.0) >= (LEAST_WEIGHT_HIDDEN if hidden else LEAST_WEIGHT))


def _windows_with_edges(pixels: Pixels) -> list[Float32]:
    """Cut the windows of a picture that show the most edges; a small picture is its own window."""
    height, width = min(WINDOW_PX, pixels.height), min(WINDOW_PX, pixels.width)
    windows = [
        pixels.cut(Window(top=top, left=left, bottom=top + height, right=left + width))[0].clip(0, 1)
        for top in _starts(pixels.height)
        for left in _starts(pixels.width)
    ]
    return sorted(windows, key=_sharpness, reverse=True)[:N_WINDOWS]


def _starts(side: int) -> list[int]:
    """Return where windows begin along a side: one for each 514 pixels, three at most, evenly spread."""
    n_places = min(_MOST_PLACES, max(1, side // WINDOW_PX))
    spare = max(0, side - WINDOW_PX)
    if n_places == 1:
        return [spare // 2]
    return [spare * place // (n_places - 1) for place in range(n_places)]


def _sharpness(window: Float32) -> float:
    gray = window.mean(axis=0)
    return float(np.abs(np.diff(gray, axis=0)).mean() + np.abs(np.diff(gray, axis=1)).mean())
