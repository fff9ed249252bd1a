"""Structural similarity, with the windows in use in the field.

Z. Wang, A. C. Bovik, H. R. Sheikh, E. P. Simoncelli, Image quality assessment: from error visibility to structural
similarity, IEEE Trans. Image Processing 13 (2004), equation 13, with K1 = 0.01 and K2 = 0.03. Published scores differ
by the window and by the divisor of the covariances, so both are named here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from opir.errors import ConfigurationError, ShapeError
from opir.metrics.psnr import Image

SsimWindow = Literal["uniform7", "gaussian11", "gaussian11_sample"]
"""Name of a window, a key of :data:`WINDOWS`."""

_K1, _K2 = 0.01, 0.03
_GAUSSIAN_SIGMA_PX: Final = 1.5


@dataclass(frozen=True, kw_only=True)
class Window:
    """A separable window and how covariances under it are counted."""

    taps: tuple[float, ...]
    """Weights along one axis, summing to 1."""
    sample_covariance: bool
    """Whether covariances are multiplied by n / (n - 1), n being the number of pixels under the window."""
    meaning: str
    """Whose SSIM it is."""


def _gaussian(radius_px: int) -> tuple[float, ...]:
    weights = np.exp(-0.5 * (np.arange(-radius_px, radius_px + 1) / _GAUSSIAN_SIGMA_PX) ** 2)
    return tuple((weights / weights.sum()).tolist())


WINDOWS: Final[dict[SsimWindow, Window]] = {
    "uniform7": Window(
        taps=(1 / 7,) * 7,
        sample_covariance=True,
        meaning="uniform 7x7, sample covariance (scikit-image's default)",
    ),
    "gaussian11": Window(
        taps=_gaussian(5),
        sample_covariance=False,
        meaning="Gaussian 11x11, sigma 1.5, population covariance (Wang's code, BasicSR)",
    ),
    "gaussian11_sample": Window(
        taps=_gaussian(5),
        sample_covariance=True,
        meaning="Gaussian 11x11, sigma 1.5, sample covariance (scikit-image's gaussian_weights)",
    ),
}
"""Every window by its name."""


def ssim(result: Image, reference: Image, *, data_range: float, window: SsimWindow) -> float:
    """Mean structural similarity over the positions at which the window fits, and over the channels.

    Args:
        result: (H, W) or (C, H, W), values in [0, data_range].
        reference: the same shape.
        data_range: 255 for 8-bit code values, 1 for images in [0, 1].
        window: a key of :data:`WINDOWS`.

    Returns:
        At most 1; NaN where one holds NaN.

    Raises:
        ShapeError: if the shapes differ, or the picture is smaller than the window.
        ConfigurationError: if ``data_range`` is not positive or the window is unknown.
    """
    if window not in WINDOWS:
        raise ConfigurationError(f"the SSIM window must be one of {', '.join(WINDOWS)}; got {window!r}")
    if not data_range > 0:
        raise ConfigurationError(f"data_range must be positive, 255 for 8-bit values or 1; got {data_range}")
    chosen = WINDOWS[window]
    side = len(chosen.taps)
    if result.shape != reference.shape or result.ndim not in (2, 3):
        raise ShapeError(f"two images (C, H, W) of equal size are needed; got {result.shape} and {reference.shape}")
    if min(result.shape[-2:]) < side or result.size == 0:
        raise ShapeError(f"SSIM with window {window} needs at least {side} x {side} pixels; got {result.shape}")
    x, y = result.astype(np.float64), reference.astype(np.float64)
    mean_x, mean_y = _filtered(x, chosen.taps), _filtered(y, chosen.taps)
    count = side * side
    scale = count / (count - 1) if chosen.sample_covariance else 1.0
    variance_x = scale * (_filtered(x * x, chosen.taps) - mean_x * mean_x)
    variance_y = scale * (_filtered(y * y, chosen.taps) - mean_y * mean_y)
    covariance = scale * (_filtered(x * y, chosen.taps) - mean_x * mean_y)
    c1, c2 = (_K1 * data_range) ** 2, (_K2 * data_range) ** 2
    luminance = (2 * mean_x * mean_y + c1) / (mean_x**2 + mean_y**2 + c1)
    structure = (2 * covariance + c2) / (variance_x + variance_y + c2)
    return float(np.mean(luminance * structure))


def _filtered(image: NDArray[np.float64], taps: tuple[float, ...]) -> NDArray[np.float64]:
    """Correlate the last two axes with the taps, only where they fit."""
    height, width = (size - len(taps) + 1 for size in image.shape[-2:])
    rows = np.zeros((*image.shape[:-2], height, image.shape[-1]))
    for offset, weight in enumerate(taps):
        rows += weight * image[..., offset : offset + height, :]
    both = np.zeros((*image.shape[:-2], height, width))
    for offset, weight in enumerate(taps):
        both += weight * rows[..., offset : offset + width]
    return both
