"""How much the model would change a picture, from a few windows of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np

from opir.analysis.windows import native_windows
from opir.errors import NumericalError
from opir.imaging import crop_to, pad_to_multiple
from opir.runtime.engine import Engine, Float32
from opir.runtime.expert import is_for_expert
from opir.runtime.passes import Summary
from opir.tasks import Task

WINDOW_PX: Final = 192
"""Side of a window [px]; a picture of at most twice that a side is looked at as a whole."""

MARGIN_PX: Final = 32
"""Border of a window that is computed but not counted [px]: there the network misses what lies outside."""


def model_change(engine: Engine, image: Float32, summary: Summary, *, task: Task | None = None) -> float:
    """Return the mean absolute difference that the restoration makes [grey levels of 255].

    The network runs on four windows of a larger picture, with the estimate of the whole picture. Their margins do
    not count, but at 32 px they are smaller than the network's halo, so that the figure is an estimate. It does not
    hold what the filter of a found kernel adds, nor the smoothness, black point and exposure of what haze leaves.

    Args:
        engine: the model.
        image: (3, H, W), sRGB-encoded in [0, 1].
        summary: what the estimator said about the whole picture.
        task: tell the model that this, and nothing else, is wrong; None for its own estimate.

    Raises:
        NumericalError: if the network's values are not finite.
    """
    windows = native_windows(image, side=WINDOW_PX, n_per_axis=2)
    margins = [MARGIN_PX if part < whole else 0 for part, whole in zip(windows[0].shape, image.shape, strict=True)]
    weights = summary.found if task is None else np.array([name == task for name in engine.spec.tasks], np.float32)
    changes = [_change(engine, window, weights, summary.context, margins) for window in windows]
    change = 255.0 * float(np.mean(changes))
    if not math.isfinite(change):
        raise NumericalError("the network gave values that are not finite: try another --engine and run opir doctor")
    return change


def _change(engine: Engine, window: Float32, weights: Float32, context: Float32, margins: Sequence[int]) -> float:
    observed = pad_to_multiple(window, engine.spec.stride)[None]
    current, scale = observed, np.zeros((1, 1, *observed.shape[2:]), np.float32)
    expert = is_for_expert(engine.spec, weights)
    for index in range(engine.spec.n_stages):
        current, scale = engine.stage(current, observed, scale, weights[None], context[None], index, expert=expert)
    restored = np.clip(crop_to(current[0], *window.shape[1:]), 0.0, 1.0)
    inside = tuple(slice(margin, length - margin) for margin, length in zip(margins, window.shape, strict=True))
    return float(np.abs(restored[inside] - window[inside]).mean(dtype=np.float64))
