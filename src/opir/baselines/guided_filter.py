"""The guided filter: smoothing that keeps the edges of a guide."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from opir.baselines.baseline import Float32
from opir.baselines.box_filter import box_mean
from opir.errors import ConfigurationError, ShapeError

SMOOTHING_RADIUS_PX: Final = 4
SMOOTHING_EPSILON: Final = 0.2**2
"""Values of the authors' own example of edge-preserving smoothing, for values in [0, 1]."""

MAP_RADIUS_PX: Final = 20
MAP_EPSILON: Final = 1e-3
"""Values of the authors' example of refining a map of the transmission of haze, for values in [0, 1]."""


def guided_filter(
    guide: NDArray[np.floating], plane: NDArray[np.floating], *, radius: int, epsilon: float
) -> NDArray[np.float64]:
    """Fit ``plane`` by a linear function of ``guide`` in every square, and average the fits.

    K. He, J. Sun, X. Tang, Guided Image Filtering, ECCV 2010 (TPAMI 35(6), 2013), equations 5, 6 and 8::

        a_k = (mean_k(I p) - mean_k(I) mean_k(p)) / (var_k(I) + epsilon)
        b_k = mean_k(p) - a_k mean_k(I)
        q_i = mean_i(a) I_i + mean_i(b)

    with the means over squares of side 2 ``radius`` + 1, cut off at the border. Where the guide varies less than
    sqrt(epsilon) the result is a smoothed ``plane``; edges beyond that stay.

    Args:
        guide: I, (H, W), in [0, 1].
        plane: p, (H, W), any range.
        radius: half the side of a square [px], >= 0.
        epsilon: regularisation, > 0, in squared units of the guide.

    Returns:
        q, (H, W), float64.

    Raises:
        ShapeError: if the two arrays are not planes of the same size.
        ConfigurationError: if the radius is negative or epsilon is not positive.
    """
    if guide.ndim != 2 or guide.shape != plane.shape:
        raise ShapeError(f"guide and plane must be (H, W) of the same size; got {guide.shape} and {plane.shape}")
    if not epsilon > 0:
        raise ConfigurationError(f"epsilon must be positive; got {epsilon}")
    image, target = guide.astype(np.float64), plane.astype(np.float64)
    mean_image, mean_target = box_mean(image, radius), box_mean(target, radius)
    covariance = box_mean(image * target, radius) - mean_image * mean_target
    variance = box_mean(image * image, radius) - mean_image**2
    slope = covariance / (variance + epsilon)
    offset = mean_target - slope * mean_image
    filtered: NDArray[np.float64] = box_mean(slope, radius) * image + box_mean(offset, radius)
    return filtered


def smooth(image: Float32) -> NDArray[np.floating]:
    """Smooth every channel of (3, H, W), guided by itself."""
    return np.stack(
        [guided_filter(plane, plane, radius=SMOOTHING_RADIUS_PX, epsilon=SMOOTHING_EPSILON) for plane in image]
    )
