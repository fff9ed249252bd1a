"""Small windows: the bilateral filter and the median, by OpenCV."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from opir.baselines.baseline import Float32
from opir.baselines.denoising import noise_level
from opir.baselines.libraries import require

BILATERAL_WINDOW_PX: Final = 11
BILATERAL_SPREAD_PX: Final = 1.8
BILATERAL_RANGE_PER_NOISE: Final = 2.0
"""M. Zhang, B. K. Gunturk, Multiresolution Bilateral Filtering for Image Denoising, IEEE TIP 17(12), 2008."""

BILATERAL_LEAST_RANGE: Final = 0.05
"""``sigma_color`` of scikit-image's denoising example, in [0, 1]: compression leaves no noise to measure."""

MEDIAN_SIDE_PX: Final = 5
"""The largest that OpenCV computes without rounding to 8 bits."""


def smooth_bilaterally(image: Float32) -> NDArray[np.floating]:
    """Every channel of (3, H, W) by itself, its range twice the estimated noise and at least 0.05."""
    cv2 = require("cv2")
    spread = max(BILATERAL_LEAST_RANGE, BILATERAL_RANGE_PER_NOISE * noise_level(image))
    return np.stack(
        [
            cv2.bilateralFilter(np.ascontiguousarray(plane), BILATERAL_WINDOW_PX, spread, BILATERAL_SPREAD_PX)
            for plane in image
        ]
    )


def take_median(image: Float32) -> NDArray[np.floating]:
    """Median of 5 x 5 pixels, every channel of (3, H, W) by itself."""
    cv2 = require("cv2")
    return np.stack([cv2.medianBlur(np.ascontiguousarray(plane), MEDIAN_SIDE_PX) for plane in image])
