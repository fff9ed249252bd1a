"""The restoration of a picture: an encoder pass, the estimate, then the stages, tile by tile.

Only the estimate, the kernel of a blur, the light of haze, and the smooth change and the tones of a picture without its
haze are global; the first sees the picture through a mean, which adds up over tiles, the second through a few windows,
the fourth through a reduced copy, the others through histograms.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from opir.deconvolution.inverse_filter import Blur
from opir.errors import ShapeError
from opir.runtime.deconvolved_pixels import DeconvolvedPixels, find_blur
from opir.runtime.dehazed_picture import DehazedPicture, may_be_hazy
from opir.runtime.dehazed_tones import NO_CHANGE, Tones
from opir.runtime.effort import DEFAULT_EFFORT, Effort
from opir.runtime.engine import Engine, Float32
from opir.runtime.expert import is_for_expert
from opir.runtime.haze_light import DAYLIGHT, DaylightPixels, HazeLight, find_light
from opir.runtime.pixels import ArrayPixels, Pixels
from opir.runtime.smooth_change import smoothness
from opir.runtime.stages import Conditions, Deliver, Progress, StagePasses, check_finite
from opir.runtime.tiling import Window, plan_cores
from opir.runtime.told_tasks import settled


@dataclass(frozen=True, kw_only=True, eq=False)
class ArrayResult:
    """What the network says about one picture."""

    restored: Float32
    """(3, H, W), sRGB in [0, 1]."""
    expected_error: Float32
    """(H, W), expected absolute error of the restoration, in units of the image."""
    found: Float32
    """(T,), probability of each task as estimated from the picture."""
    expert: bool
    """Whether the expert restored the picture."""
    n_tiles: int
    """Number of tiles."""


@dataclass(frozen=True, kw_only=True, eq=False)
class TilesResult:
    """What the network says about a picture besides the tiles that it delivers."""

    found: Float32
    """(T,), probability of each task as estimated from the picture."""
    n_tiles: int
    """Number of tiles."""
    expert: bool
    """Whether the expert restored the picture."""
    share_refined: float
    """Share of the pixels that went through all stages, 0 to 1."""
    blur: Blur | None
    """The blur that was undone before the stages; None where no kernel was looked for, or none holds everywhere."""
    light: HazeLight
    """The light of haze that was undone before the stages."""
    tones: Tones
    """The curve that its values followed after haze was removed."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Summary:
    """What the estimator sees of a picture, and what it says."""

    mean: Float32
    """(F,), mean of the encoder's features over all positions."""
    found: Float32
    """(T,), probability of each task."""
    context: Float32
    """(C,), what the stages are told beside the tasks."""


def restore_array(
    engine: Engine,
    image: Float32,
    *,
    tile: int,
    task_weights: Float32 | None = None,
    effort: Effort = DEFAULT_EFFORT,
    progress: Progress | None = None,
) -> ArrayResult:
    """Restore an image (3, H, W), float32, sRGB in [0, 1], of any size from 1 x 1.

    ``tile`` is the largest side of a tile's core [px], 0 for the whole picture; results agree within
    float32 rounding whatever it is. ``task_weights`` (T,) replace the estimated ones, but for NaN
    (:mod:`opir.runtime.told_tasks`). ``effort`` says how much of the stages after the first is computed.

    Raises :class:`NumericalError` naming the tile and the part where a value is not finite, and
    :class:`MemoryError` where memory runs out.
    """
    check_shape(image)
    height, width = image.shape[1:]
    restored, expected = np.empty_like(image), np.empty((height, width), np.float32)

    def deliver(window: Window, values: Float32, expected_there: Float32) -> None:
        part = window.grown(0, height, width)
        np.clip(values[:, : part.height, : part.width], 0.0, 1.0, out=restored[(..., *part.slices)])
        expected[part.slices] = expected_there[: part.height, : part.width]

    pixels = ArrayPixels(image, engine.spec.stride)
    result = restore_pixels(
        engine, pixels, deliver, tile=tile, task_weights=task_weights, effort=effort, progress=progress
    )
    return ArrayResult(
        restored=restored, expected_error=expected, found=result.found, expert=result.expert, n_tiles=result.n_tiles
    )


def restore_pixels(
    engine: Engine,
    pixels: Pixels,
    deliver: Deliver,
    *,
    tile: int,
    task_weights: Float32 | None = None,
    effort: Effort = DEFAULT_EFFORT,
    progress: Progress | None = None,
) -> TilesResult:
    """Restore a picture and hand over its tiles as they are done.

    Other arguments and errors as for :func:`restore_array`. The tiles cover the padded picture.
    """
    cores = _cores(engine, pixels, tile)
    found, context = _estimate(engine, _mean_features(engine, pixels, cores), cores)
    weights = settled(task_weights, found[0], engine.spec)
    blur = find_blur(engine, pixels, weights)
    seen: Pixels = pixels
    if blur is not None:
        seen = DeconvolvedPixels(pixels, blur)
    hazy = may_be_hazy(engine.spec, weights)
    light = find_light(pixels) if hazy else DAYLIGHT
    daylight = pixels
    if not light.is_daylight:  # what the stages are told of the picture is said of what they see
        daylight, seen = DaylightPixels(pixels, light), DaylightPixels(seen, light)
        _, context = _estimate(engine, _mean_features(engine, daylight, cores), cores)
    expert = is_for_expert(engine.spec, weights, blur_undone=blur is not None)
    conditions = Conditions(task_weights=weights[None], context=context, effort=effort, expert=expert)
    passes = StagePasses(engine, seen, cores, conditions, progress)
    tones = NO_CHANGE
    if hazy:
        # what sharpens is not affine in the picture
        share = 0.0 if blur is not None else smoothness(engine.spec, weights)
        picture = DehazedPicture(daylight, smoothness=share, light=light)
        passes.run(picture.deliver)
        tones = picture.hand_over(deliver)
    else:
        passes.run(deliver)
    return TilesResult(
        found=found[0],
        n_tiles=len(cores),
        expert=expert,
        share_refined=passes.share_refined,
        blur=blur,
        light=light,
        tones=tones,
    )


def summarise_array(engine: Engine, image: Float32, *, tile: int) -> Summary:
    """Return what the estimator sees and says, as :func:`restore_array` has it, without restoring.

    Arguments and errors are those of :func:`restore_array`.
    """
    check_shape(image)
    pixels = ArrayPixels(image, engine.spec.stride)
    cores = _cores(engine, pixels, tile)
    mean = _mean_features(engine, pixels, cores)
    found, context = _estimate(engine, mean, cores)
    return Summary(mean=mean[0], found=found[0], context=context[0])


def check_shape(image: Float32) -> None:
    """Raise :class:`ShapeError` unless an image is (3, H, W) of float32 and not empty."""
    if image.ndim != 3 or image.shape[0] != 3 or 0 in image.shape or image.dtype != np.float32:
        raise ShapeError(f"the image must be float32 (3, H, W), not empty; got {image.dtype} {image.shape}")


def _cores(engine: Engine, pixels: Pixels, tile: int) -> tuple[Window, ...]:
    return plan_cores(pixels.height, pixels.width, tile=tile, stride=engine.spec.stride)


def _estimate(engine: Engine, mean: Float32, cores: tuple[Window, ...]) -> tuple[Float32, Float32]:
    """Return the task weights (1, T) and the context (1, n_context) for mean features (1, F)."""
    found, context = engine.estimate(mean)
    check_finite(context, "the estimator", cores[0], 1)
    check_finite(found, "the estimator", cores[0], 1)
    return found, context


def _mean_features(engine: Engine, pixels: Pixels, cores: tuple[Window, ...]) -> Float32:
    """Return the mean of the features over all positions, (1, n_features), summed in float64."""
    spec = engine.spec
    total, n_positions = np.zeros(spec.n_features, np.float64), 0
    for number, core in enumerate(cores, start=1):
        window = core.grown(spec.encoder_halo, pixels.height, pixels.width)
        features = engine.encode(pixels.cut(window))
        cell = window.height // features.shape[2]  # the encoder's own stride, which divides the model's
        kept = features[(..., *core.within(window).coarser(cell).slices)]
        check_finite(kept, "the encoder", core, number)
        total += kept.sum(axis=(0, 2, 3), dtype=np.float64)
        n_positions += kept.shape[2] * kept.shape[3]
    return (total / n_positions).astype(np.float32)[None]
