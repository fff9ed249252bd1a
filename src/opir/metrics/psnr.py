"""Peak signal-to-noise ratio."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from opir.errors import ConfigurationError, ShapeError

Image = NDArray[np.uint8] | NDArray[np.float32] | NDArray[np.float64]


def psnr(result: Image, reference: Image, *, data_range: float) -> float:
    """PSNR in dB: ``10 log10(data_range^2 / mean((result - reference)^2))``, over all pixels and channels.

    Args:
        result: any shape, values in [0, data_range].
        reference: the same shape.
        data_range: 255 for 8-bit code values, 1 for images in [0, 1].

    Returns:
        dB; infinity where the two are equal, NaN where one holds NaN.

    Raises:
        ShapeError: if the shapes differ or are empty.
        ConfigurationError: if ``data_range`` is not positive.
    """
    if result.shape != reference.shape or result.size == 0:
        raise ShapeError(f"two images of equal size are needed; got {result.shape} and {reference.shape}")
    if not data_range > 0:
        raise ConfigurationError(f"data_range must be positive, 255 for 8-bit values or 1; got {data_range}")
    error = float(np.mean((result.astype(np.float64) - reference.astype(np.float64)) ** 2))
    return math.inf if error == 0 else 10 * math.log10(data_range**2 / error)
