"""Removing haze with the dark channel prior.

K. He, J. Sun, X. Tang, Single Image Haze Removal Using Dark Channel Prior, CVPR 2009 (TPAMI 33(12), 2011); the
transmission is refined by a guided filter instead of soft matting, as the authors proposed a year later. All
constants are the papers'. Like there, the equations are applied to encoded values.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from opir.baselines.baseline import Float32
from opir.baselines.guided_filter import MAP_EPSILON, MAP_RADIUS_PX, guided_filter
from opir.baselines.luminance import luminance

PATCH_PX: Final = 15
"""Side of the patches in which the darkest value is looked for."""

OMEGA: Final = 0.95
"""Share of the haze that is removed: a trace of it keeps far things far."""

LEAST_TRANSMISSION: Final = 0.1
"""Lower bound t0 of the transmission in the division, against noise."""

BRIGHTEST_SHARE: Final = 0.001
"""Share of the pixels of the haziest dark channel among which the air light is looked for."""


def dark_channel(image: NDArray[np.floating], *, patch: int = PATCH_PX) -> NDArray[np.floating]:
    """Smallest value over channels and over the ``patch`` x ``patch`` square around every pixel (TPAMI eq. 5).

    Args:
        image: (3, H, W).
        patch: side of the square [px], odd; it is cut off at the border.

    Returns:
        (H, W).
    """
    return _window_minimum(_window_minimum(image.min(axis=0), patch).T, patch).T


def air_light(image: NDArray[np.floating], dark: NDArray[np.floating]) -> NDArray[np.floating]:
    """Colour (3,) of the brightest pixel among the 0.1 % of highest dark channel (TPAMI section 4.3)."""
    n_candidates = max(1, round(BRIGHTEST_SHARE * dark.size))
    candidates = np.argsort(dark, axis=None, kind="stable")[-n_candidates:]
    colours = image.reshape(3, -1)[:, candidates]
    brightest: NDArray[np.floating] = colours[:, int(np.argmax(colours.sum(axis=0)))]
    return brightest


def remove_haze(image: Float32) -> NDArray[np.floating]:
    """Estimate air light A and transmission t of (3, H, W) and invert ``I = J t + A (1 - t)``.

    ``t = 1 - omega dark(I / A)`` (TPAMI eq. 12), refined with the luminance as guide;
    ``J = (I - A) / max(t, t0) + A`` (eq. 22). Returns (3, H, W), not clipped.
    """
    light = np.maximum(air_light(image, dark_channel(image)), 1 / 255)[:, None, None]
    raw = 1.0 - OMEGA * dark_channel(image / light)
    transmission = guided_filter(luminance(image), raw, radius=MAP_RADIUS_PX, epsilon=MAP_EPSILON)
    radiance: NDArray[np.floating] = (image - light) / np.clip(transmission, LEAST_TRANSMISSION, 1.0) + light
    return radiance


def _window_minimum(plane: NDArray[np.floating], side: int) -> NDArray[np.floating]:
    """Minimum over windows along the first axis."""
    padded = np.pad(plane, ((side // 2, side // 2), (0, 0)), constant_values=np.inf)
    smallest: NDArray[np.floating] = sliding_window_view(padded, side, axis=0).min(axis=-1)
    return smallest
