"""How noisy a picture is: the standard deviation of its noise, estimated blindly."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from opir.runtime.engine import Float32

HIGH_PASS: Final = np.array([-0.48296291, 0.83651630, -0.22414387, -0.12940952], np.float32)
"""Wavelet filter of Daubechies with two vanishing moments (Comm. Pure Appl. Math. 41, 1988), of norm 1."""

MAD_OF_A_NORMAL: Final = 0.6745
"""Median of |x| for a standard normal variable."""

LEAST_COEFFICIENTS: Final = 64
"""Coefficients below which the median says nothing."""


def noise_sigma(windows: Sequence[Float32]) -> float | None:
    """Estimate the standard deviation of the noise [grey levels of 255].

    ``sigma = median |HH_1| / 0.6745`` with HH_1 the diagonal wavelet coefficients of the finest scale (D. Donoho,
    I. Johnstone, Ideal spatial adaptation by wavelet shrinkage, Biometrika 81(3), 1994, section 3.1), the root mean
    square over the three channels. Coefficients that see a clipped sample are left out, because noise is cut off there.
    Fine texture counts as noise, and noise that was smoothed or compressed away does not.

    Args:
        windows: (3, H, W), encoded RGB in [0, 1].

    Returns:
        The estimate, None where fewer than 64 coefficients are left.
    """
    coefficients = [np.concatenate(parts) for parts in zip(*map(_diagonal_details, windows), strict=True)]
    if min(map(len, coefficients)) < LEAST_COEFFICIENTS:
        return None
    variances = [(float(np.median(np.abs(values))) / MAD_OF_A_NORMAL) ** 2 for values in coefficients]
    return 255.0 * math.sqrt(float(np.mean(variances)))


def _diagonal_details(window: Float32) -> list[Float32]:
    """Return the diagonal coefficients of each channel, without those that see a clipped sample."""
    if min(window.shape[1:]) < len(HIGH_PASS):
        return [np.empty(0, np.float32) for _ in window]
    details = _filtered(_filtered(window, axis=1), axis=2)
    clipped = (window <= 0.0) | (window >= 1.0)
    seen = sliding_window_view(clipped, (len(HIGH_PASS),) * 2, axis=(1, 2))[:, ::2, ::2]
    return [channel[~hidden.any(axis=(2, 3))] for channel, hidden in zip(details, seen, strict=True)]


def _filtered(values: Float32, *, axis: int) -> Float32:
    """Return every second value of the correlation with the filter, where it lies inside."""
    pieces = sliding_window_view(values, len(HIGH_PASS), axis=axis)
    kept = pieces[:, ::2] if axis == 1 else pieces[:, :, ::2]
    result: Float32 = kept @ HIGH_PASS
    return result
