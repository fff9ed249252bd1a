"""What a picture looks like once it has been saved with 8 bits per channel."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def round_to_8_bits(image: NDArray[np.floating]) -> NDArray[np.float64]:
    """Clip to [0, 1] and round to the nearest multiple of 1/255, any shape; halves go to the even level."""
    return np.rint(np.clip(image.astype(np.float64), 0.0, 1.0) * 255.0) / 255.0
