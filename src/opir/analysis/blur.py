"""How blurred a picture is: the width of its edges."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from opir.runtime.engine import Float32
from opir.srgb import luma

REBLUR_PX: Final = 1.0
"""Standard deviation of the Gaussian that is added [px]; the paper's sigma_0."""

LEAST_EDGE: Final = 6.0 / 255.0
"""Gradient per pixel below which nothing counts as an edge."""

NOISE_FACTOR: Final = 4.0
"""An edge must also exceed this many standard deviations of the noise's own gradient."""

EDGE_SHARE: Final = 0.05
"""Share of the pixels, those of the largest gradients, among which edges are looked for."""

LEAST_EDGES: Final = 40
"""Edges below which no width is told."""

WIDEST_PX: Final = 20.0
"""Largest width that is told; beyond it the two gradients hardly differ."""


def edge_sigma(windows: Sequence[Float32], *, noise: float) -> float | None:
    """Estimate the standard deviation [px] of the Gaussian blur that the edges of a picture went through.

    A step edge blurred by sigma has the gradient ``g1 ~ 1 / sigma`` at its centre, and
    ``g2 ~ 1 / sqrt(sigma^2 + sigma_0^2)`` after blurring it again; with ``R = g1 / g2`` it follows
    ``sigma = sigma_0 / sqrt(R^2 - 1)`` (S. Zhuo, T. Sim, Defocus map estimation from a single image, Pattern
    Recognition 44(9), 2011, eq. 6 and 7). The median over the edges is returned. An ideal step of pixels gives about
    half a pixel. Motion widens only the edges across it, and lines thinner than the blur count as edges.

    Args:
        windows: (3, H, W), encoded RGB in [0, 1].
        noise: standard deviation of the noise [grey levels of 255], which edges must stand out from.

    Returns:
        The estimate, at most 20; None where there are fewer than 40 edges.
    """
    # The central difference of white noise has 1 / sqrt(2) of its standard deviation on either axis.
    least = max(LEAST_EDGE, NOISE_FACTOR * noise / 255.0)
    ratios = np.concatenate([_ratios(luma(window), least) for window in windows])
    if len(ratios) < LEAST_EDGES:
        return None
    excess = float(np.median(ratios)) ** 2 - 1.0
    return WIDEST_PX if excess <= 0 else min(WIDEST_PX, REBLUR_PX / math.sqrt(excess))


def _ratios(plane: Float32, least: float) -> Float32:
    """Return R at the edges of a plane (H, W), any number of them."""
    if min(plane.shape) < 4 * len(_gaussian()):
        return np.empty(0, np.float32)
    before, is_edge = _gradient(plane, least)
    after, _ = _gradient(_smoothed(plane), least)
    margin = len(_gaussian()) // 2
    inside = (slice(margin, -margin),) * 2
    chosen = is_edge[inside]
    ratios = before[inside][chosen] / np.maximum(after[inside][chosen], np.float32(1e-6))
    return ratios.astype(np.float32)


def _gradient(plane: Float32, least: float) -> tuple[Float32, NDArray[np.bool_]]:
    """Return the gradient (H, W) per pixel and where it is an edge: large, and largest across the edge."""
    rows, columns = np.gradient(plane)
    size: Float32 = np.hypot(rows, columns).astype(np.float32)
    across_columns = np.abs(columns) >= np.abs(rows)
    threshold = max(least, float(np.quantile(size, 1.0 - EDGE_SHARE)))
    is_edge: NDArray[np.bool_] = np.where(across_columns, _is_ridge(size, 1), _is_ridge(size, 0)) & (size >= threshold)
    return size, is_edge


def _is_ridge(size: Float32, axis: int) -> NDArray[np.bool_]:
    ridge: NDArray[np.bool_] = (size >= np.roll(size, 1, axis)) & (size >= np.roll(size, -1, axis))
    return ridge


def _gaussian() -> Float32:
    radius = int(4 * REBLUR_PX)
    weights = np.exp(-0.5 * (np.arange(-radius, radius + 1) / REBLUR_PX) ** 2)
    result: Float32 = (weights / weights.sum()).astype(np.float32)
    return result


def _smoothed(plane: Float32) -> Float32:
    """Return the plane blurred again, replicated at the border."""
    weights = _gaussian()
    radius = len(weights) // 2
    for axis in (0, 1):
        padding = [(radius, radius) if index == axis else (0, 0) for index in (0, 1)]
        padded = np.pad(plane, padding, mode="edge")
        length = plane.shape[axis]
        smoothed: Float32 = np.zeros_like(plane)
        for shift, weight in enumerate(weights):
            smoothed += weight * np.take(padded, range(shift, shift + length), axis)
        plane = smoothed
    return plane
