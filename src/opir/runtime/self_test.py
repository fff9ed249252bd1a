"""A quick proof that an engine computes sensible values on this machine."""

from __future__ import annotations

import time
from typing import Final

import numpy as np

from opir.errors import NumericalError
from opir.runtime.engine import Engine, Float32
from opir.runtime.expert import task_of_each_trunk
from opir.runtime.passes import restore_array
from opir.runtime.spec import ModelSpec
from opir.runtime.tiling import SMALLEST_TILE_PX
from opir.runtime.told_tasks import settled, told_weights

TOLERANCE: Final = 1e-3
"""Largest difference between the tiled and the whole picture that passes; rounding is far below it."""

HALF_PRECISION_TOLERANCE: Final = 4.0 / 255.0
"""The same for an engine that computes in half precision, which rounds a shape of its own in an order of its own."""

_HEIGHT, _WIDTH = 2 * SMALLEST_TILE_PX, 3 * SMALLEST_TILE_PX


def self_test(engine: Engine) -> float:
    """Restore a small noisy ramp by every trunk, whole and in tiles; return the time for the first whole one [s].

    Raises :class:`NumericalError` where a value is not finite or the two results differ, :class:`WeightsError` for a
    graph of the expert that cannot be used.
    """
    ramp = np.linspace(0.0, 1.0, _WIDTH, dtype=np.float32)
    noise = np.random.default_rng(0).normal(0.0, 0.05, (3, _HEIGHT, _WIDTH))
    image = np.clip(ramp + noise, 0.0, 1.0).astype(np.float32)
    seconds = [_seconds(engine, image, weights) for weights in _weights_of_trunks(engine.spec)]
    return seconds[0]


def _weights_of_trunks(spec: ModelSpec) -> list[Float32 | None]:
    """Return task weights for each trunk that pictures come to; None is the estimate, where there is no choice."""
    told = [told_weights((task,), spec) for task in task_of_each_trunk(spec)]
    return [settled(weights, np.zeros_like(weights), spec) for weights in told] or [None]


def _seconds(engine: Engine, image: Float32, task_weights: Float32 | None) -> float:
    start = time.perf_counter()
    whole = restore_array(engine, image, tile=0, task_weights=task_weights)
    seconds = time.perf_counter() - start
    tiled = restore_array(engine, image, tile=SMALLEST_TILE_PX, task_weights=task_weights)
    difference = float(np.abs(whole.restored - tiled.restored).max())
    tolerance = TOLERANCE if engine.precision == "float32" else HALF_PRECISION_TOLERANCE
    if difference > tolerance:
        raise NumericalError(
            f"{engine.name} on {engine.device}: tiles differ from the whole picture by {difference:.2g}, "
            f"expected at most {tolerance:.2g}: use another --engine, or --tile 0"
        )
    return seconds
