"""One grey value per pixel, for methods that steer by brightness."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

BT601: Final = (0.299, 0.587, 0.114)
"""Weights of red, green and blue in the luma of ITU-R BT.601, full range."""


def luminance(image: NDArray[np.floating]) -> NDArray[np.float64]:
    """Luma (H, W) in [0, 1] of encoded RGB (3, H, W) in [0, 1]."""
    return np.tensordot(np.array(BT601), image.astype(np.float64), axes=1)
