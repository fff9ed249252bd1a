"""Mean absolute error."""

from __future__ import annotations

import numpy as np

from opir.errors import ConfigurationError, ShapeError
from opir.metrics.psnr import Image


def mean_absolute_error(result: Image, reference: Image, *, data_range: float) -> float:
    """Mean of ``|result - reference|`` over all pixels and channels, in grey levels of 255.

    Args:
        result: any shape, values in [0, data_range].
        reference: the same shape.
        data_range: 255 for 8-bit code values, 1 for images in [0, 1]; the result is scaled by 255 / data_range.

    Returns:
        Grey levels, 0 to 255; NaN where one holds NaN.

    Raises:
        ShapeError: if the shapes differ or are empty.
        ConfigurationError: if ``data_range`` is not positive.
    """
    if result.shape != reference.shape or result.size == 0:
        raise ShapeError(f"two images of equal size are needed; got {result.shape} and {reference.shape}")
    if not data_range > 0:
        raise ConfigurationError(f"data_range must be positive, 255 for 8-bit values or 1; got {data_range}")
    error = np.abs(result.astype(np.float64) - reference.astype(np.float64))
    return 255.0 / data_range * float(np.mean(error))
