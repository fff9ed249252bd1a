"""How good the predicted error of a restoration is: correlation, sparsification, coverage of intervals.

The prediction is the Laplace scale b of the error, which is its expected absolute value; p(e) = exp(-|e| / b) / (2 b).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from opir.errors import NumericalError, ShapeError

COVERAGE_LEVELS: Final = (0.5, 0.68, 0.8, 0.9, 0.95, 0.99)
"""Nominal shares of values within their interval."""

N_FRACTIONS: Final = 50
"""Points of a sparsification curve: fractions 0, 0.02, ... 0.98 of the pixels are left out."""

_LEAST_SCALE: Final = 1e-9

Plane = NDArray[np.floating]
Float64 = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class UncertaintyScore:
    """Of one picture, or the mean over several."""

    error: float
    """Mean absolute error that happened [grey levels]."""
    expected_error: float
    """Mean absolute error that was predicted [grey levels]."""
    pearson: float | None
    """Linear correlation of the two over pixels; None where one of them is constant."""
    spearman: float | None
    """Correlation of their ranks; None where one of them is constant."""
    ause: float
    """Area between the sparsification curve and the oracle's; 0 is perfect."""
    aurg: float
    """Area between leaving out at random and the sparsification curve; 0 or less is useless."""
    coverage: tuple[float, ...]
    """Share of values within the interval of each of :data:`COVERAGE_LEVELS`."""
    sparsification: tuple[float, ...]
    """Error that remains when the pixels of highest predicted error are left out, relative to the whole."""
    oracle: tuple[float, ...]
    """The same when the pixels of highest true error are left out."""

    @property
    def coverage_error(self) -> float:
        """Mean distance of the coverage from the nominal shares."""
        return float(np.mean(np.abs(np.subtract(self.coverage, COVERAGE_LEVELS))))


def score_uncertainty(
    expected_error: Plane, result: NDArray[np.floating], reference: NDArray[np.floating]
) -> UncertaintyScore:
    """Compare the predicted with the true absolute error.

    Correlation and sparsification are computed per pixel, on the error averaged over channels; coverage per value.

    Args:
        expected_error: (H, W), grey levels, >= 0.
        result: (C, H, W), in [0, 1].
        reference: (C, H, W), in [0, 1].

    Raises:
        ShapeError: if the shapes do not belong together.
        NumericalError: if a prediction is negative or not finite.
    """
    if result.shape != reference.shape or expected_error.shape != result.shape[1:] or result.ndim != 3:
        raise ShapeError(
            f"result and reference (C, H, W) and their expected error (H, W) must have the same size; got "
            f"{result.shape}, {reference.shape} and {expected_error.shape}"
        )
    predicted = expected_error.astype(np.float64)
    if not (np.isfinite(predicted).all() and predicted.min() >= 0):
        raise NumericalError("the expected error must be finite and not negative: check the model's uncertainty")
    values = 255.0 * np.abs(result.astype(np.float64) - reference.astype(np.float64))
    error = values.mean(axis=0)
    curve, oracle = sparsification_curve(predicted, error), sparsification_curve(error, error)
    return UncertaintyScore(
        error=float(error.mean()),
        expected_error=float(predicted.mean()),
        pearson=pearson(predicted, error),
        spearman=pearson(ranks(predicted), ranks(error)),
        ause=_area(curve - oracle),
        aurg=_area(1.0 - curve),
        coverage=tuple(laplace_coverage(predicted, values, level) for level in COVERAGE_LEVELS),
        sparsification=tuple(curve.tolist()),
        oracle=tuple(oracle.tolist()),
    )


def sparsification_curve(priority: Plane, error: Plane, *, n_fractions: int = N_FRACTIONS) -> Float64:
    """Mean error of what is left when the pixels of highest ``priority`` are left out, relative to the whole.

    E. Ilg et al., Uncertainty Estimates and Multi-Hypotheses Networks for Optical Flow, ECCV 2018, section 4.1.
    Pixels of equal priority are left out in no particular order: each counts with the mean error of its group. A
    picture without any error has the curve 1.

    Args:
        priority: (H, W), any range.
        error: (H, W), >= 0.
        n_fractions: points of the curve; point k leaves out the share k / n_fractions, at least one pixel stays.

    Returns:
        (n_fractions,), the first value is 1.
    """
    keys, group, size = np.unique(priority.ravel(), return_inverse=True, return_counts=True)
    mean = np.bincount(group.ravel(), weights=error.ravel().astype(np.float64), minlength=keys.size) / size
    kept = np.cumsum(np.repeat(mean, size))  # of the n most certain pixels, n = 1, 2, ...
    if kept[-1] <= 0:
        return np.ones(n_fractions)
    n_kept = np.maximum(1, np.rint(kept.size * (1 - np.arange(n_fractions) / n_fractions)).astype(int))
    curve: Float64 = kept[n_kept - 1] / n_kept / (kept[-1] / kept.size)
    return curve


def laplace_coverage(scale: Plane, absolute_error: NDArray[np.floating], level: float) -> float:
    """Share of values with ``|e| <= b ln(1 / (1 - level))``, the central Laplace interval of that probability.

    Args:
        scale: (H, W), Laplace scale b.
        absolute_error: (C, H, W), |e| in the units of b.
        level: probability, in (0, 1).
    """
    return float(np.mean(absolute_error <= scale * math.log(1.0 / (1.0 - level))))


def pearson(one: Plane, other: Plane) -> float | None:
    """Linear correlation of two arrays of any equal shape; None where one is constant."""
    x, y = (array.ravel().astype(np.float64) for array in (one, other))
    x, y = x - x.mean(), y - y.mean()
    spread = math.sqrt(float(x @ x)) * math.sqrt(float(y @ y))
    return float(x @ y) / spread if spread > _LEAST_SCALE * x.size else None


def ranks(values: Plane) -> Float64:
    """Ranks from 1, flat; equal values share the mean of their ranks."""
    _, group, size = np.unique(values.ravel(), return_inverse=True, return_counts=True)
    return (np.cumsum(size) - 0.5 * (size - 1))[group.ravel()]


def mean_score(scores: Sequence[UncertaintyScore]) -> UncertaintyScore:
    """The mean over pictures, each counting the same; correlations over those that have one.

    Raises :class:`ShapeError` if there is none.
    """
    if not scores:
        raise ShapeError("the mean needs at least one picture")
    return UncertaintyScore(
        error=_mean([score.error for score in scores]),
        expected_error=_mean([score.expected_error for score in scores]),
        pearson=_mean_of_known([score.pearson for score in scores]),
        spearman=_mean_of_known([score.spearman for score in scores]),
        ause=_mean([score.ause for score in scores]),
        aurg=_mean([score.aurg for score in scores]),
        coverage=_mean_curve([score.coverage for score in scores]),
        sparsification=_mean_curve([score.sparsification for score in scores]),
        oracle=_mean_curve([score.oracle for score in scores]),
    )


def correlation_between_pictures(scores: Sequence[UncertaintyScore]) -> float | None:
    """Whether the expected error tells which pictures came out badly: Pearson over pictures, None below three."""
    if len(scores) < 3:
        return None
    return pearson(np.array([score.expected_error for score in scores]), np.array([score.error for score in scores]))


def _area(curve: Float64) -> float:
    """Trapezoidal rule over the fractions 0 to 1 - 1 / n, with n points at equal steps."""
    return float(np.sum(curve[1:] + curve[:-1])) / 2 / curve.size


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values))


def _mean_of_known(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return _mean(known) if known else None


def _mean_curve(curves: Sequence[tuple[float, ...]]) -> tuple[float, ...]:
    return tuple(np.mean(curves, axis=0).tolist())
