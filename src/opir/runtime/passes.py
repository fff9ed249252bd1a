"""The restoration of one array: an encoder pass, the estimate, then one pass per stage, tile by tile.

Only the estimate is global, and it sees the picture through a mean, which adds up over tiles. Going
stage by stage, with the stage's full-size result kept in between, a tile needs the halo of one stage
instead of all of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from opir.errors import NumericalError, ShapeError
from opir.imaging import crop_to, pad_to_multiple
from opir.runtime.engine import Engine, Float32
from opir.runtime.tiling import Window, plan_cores

Progress: TypeAlias = Callable[[int, int], None]
"""Called with (pixels done, pixels in all) after each tile; an exception from it ends the restoration."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ArrayResult:
    """What the network says about one picture."""

    restored: Float32
    """(3, H, W), sRGB in [0, 1]."""
    scale: Float32
    """(H, W), Laplace scale of the last stage's error, in units of the image, not calibrated."""
    found: Float32
    """(T,), probability of each task as estimated from the picture."""
    n_tiles: int
    """Number of tiles."""


def restore_array(
    engine: Engine,
    image: Float32,
    *,
    tile: int,
    task_weights: Float32 | None = None,
    progress: Progress | None = None,
) -> ArrayResult:
    """Restore an image (3, H, W), float32, sRGB in [0, 1], of any size from 1 x 1.

    ``tile`` is the largest side of a tile's core [px], 0 for the whole picture; results agree within
    float32 rounding whatever it is. ``task_weights`` (T,) replace the estimated ones.

    Raises :class:`NumericalError` naming the tile and the part where a value is not finite, and
    :class:`MemoryError` where memory runs out.
    """
    observed, cores = _padded_and_cut(engine, image, tile)
    found, context = _estimate(engine, observed, cores)
    height, width = image.shape[1:]
    weights = found if task_weights is None else task_weights[None]
    current, scale = observed, np.zeros((1, 1, *observed.shape[2:]), np.float32)
    for index in range(engine.spec.n_stages):
        current, scale = _stage_pass(engine, current, observed, scale, weights, context, index, cores, progress)
    return ArrayResult(
        restored=np.clip(crop_to(current[0], height, width), 0.0, 1.0),
        scale=np.ascontiguousarray(crop_to(scale[0, 0], height, width)),
        found=found[0],
        n_tiles=len(cores),
    )


def estimate_array(engine: Engine, image: Float32, *, tile: int) -> Float32:
    """Return the probability of each task (T,) as :func:`restore_array` finds it, without restoring.

    Arguments and errors are those of :func:`restore_array`.
    """
    observed, cores = _padded_and_cut(engine, image, tile)
    found: Float32 = _estimate(engine, observed, cores)[0][0]
    return found


def check_shape(image: Float32) -> None:
    """Raise :class:`ShapeError` unless an image is (3, H, W) of float32 and not empty."""
    if image.ndim != 3 or image.shape[0] != 3 or 0 in image.shape or image.dtype != np.float32:
        raise ShapeError(f"the image must be float32 (3, H, W), not empty; got {image.dtype} {image.shape}")


def _padded_and_cut(engine: Engine, image: Float32, tile: int) -> tuple[Float32, tuple[Window, ...]]:
    """Return the image as a batch of one, padded to the stride, and the cores of its tiles."""
    check_shape(image)
    observed = pad_to_multiple(image, engine.spec.stride)[None]
    return observed, plan_cores(observed.shape[2], observed.shape[3], tile=tile, stride=engine.spec.stride)


def _estimate(engine: Engine, observed: Float32, cores: tuple[Window, ...]) -> tuple[Float32, Float32]:
    """Return the task weights (1, T) and the context (1, n_context)."""
    found, context = engine.estimate(_mean_features(engine, observed, cores))
    _check_finite(context, "the estimator", cores[0], 1)
    _check_finite(found, "the estimator", cores[0], 1)
    return found, context


def _mean_features(engine: Engine, observed: Float32, cores: tuple[Window, ...]) -> Float32:
    """Return the mean of the features over all positions, (1, n_features), summed in float64."""
    spec = engine.spec
    height, width = observed.shape[2:]
    total, n_positions = np.zeros(spec.n_features, np.float64), 0
    for number, core in enumerate(cores, start=1):
        window = core.grown(spec.encoder_halo, height, width)
        features = engine.encode(_cut(observed, window))
        cell = window.height // features.shape[2]  # the encoder's own stride, which divides the model's
        kept = features[(..., *core.within(window).coarser(cell).slices)]
        _check_finite(kept, "the encoder", core, number)
        total += kept.sum(axis=(0, 2, 3), dtype=np.float64)
        n_positions += kept.shape[2] * kept.shape[3]
    return (total / n_positions).astype(np.float32)[None]


def _stage_pass(
    engine: Engine,
    current: Float32,
    observed: Float32,
    scale: Float32,
    task_weights: Float32,
    context: Float32,
    stage_index: int,
    cores: tuple[Window, ...],
    progress: Progress | None,
) -> tuple[Float32, Float32]:
    """Apply one stage to every tile and return the whole (1, 3, H, W) result and (1, 1, H, W) scale."""
    height, width = observed.shape[2:]
    restored, new_scale = np.empty_like(observed), np.empty_like(scale)
    n_stages, done = engine.spec.n_stages, stage_index * height * width
    for number, core in enumerate(cores, start=1):
        window = core.grown(engine.spec.stage_halo, height, width)
        inputs = (_cut(current, window), _cut(observed, window), _cut(scale, window))
        outputs = engine.stage(*inputs, task_weights, context, stage_index)
        kept = (..., *core.within(window).slices)
        for whole, part in zip((restored, new_scale), outputs, strict=True):
            _check_finite(part[kept], f"stage {stage_index + 1}", core, number)
            whole[(..., *core.slices)] = part[kept]
        done += core.area
        if progress is not None:
            progress(done // n_stages, height * width)
    return restored, new_scale


def _cut(array: Float32, window: Window) -> Float32:
    return np.ascontiguousarray(array[(..., *window.slices)])


def _check_finite(values: Float32, part: str, core: Window, number: int) -> None:
    """Raise :class:`NumericalError` for NaN or infinity (either one shows in the extremes)."""
    if np.isfinite(values.min()) and np.isfinite(values.max()):
        return
    raise NumericalError(
        f"{part} gave values that are not finite in tile {number} (rows {core.top} to {core.bottom}, columns "
        f"{core.left} to {core.right}); nothing was written: try another --engine and run opir doctor"
    )
