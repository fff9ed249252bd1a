"""The luma of ITU-R BT.601 in studio range, as MATLAB's ``rgb2ycbcr`` gives it and the deraining papers use it."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from opir.errors import ShapeError

_WEIGHTS: Final = np.array([65.481, 128.553, 24.966]) / 255.0
_OFFSET: Final = 16.0 / 255.0


def luma_bt601(image: NDArray[np.floating]) -> NDArray[np.float64]:
    """Y' of encoded RGB: ``Y = (16 + 65.481 R + 128.553 G + 24.966 B) / 255``.

    The weights are those of BT.601, 0.299, 0.587 and 0.114, times the 219 levels from black to white. A difference
    of grey is thus 219/255 as large in Y as in RGB, which alone is 1.3 dB of PSNR.

    Args:
        image: (..., 3, H, W), encoded RGB in [0, 1].

    Returns:
        (..., 1, H, W), in [16/255, 235/255].

    Raises:
        ShapeError: if there are not three channels.
    """
    if image.ndim < 3 or image.shape[-3] != 3:
        raise ShapeError(f"luma needs an RGB picture (3, H, W); got {image.shape}")
    weighted = np.tensordot(image.astype(np.float64), _WEIGHTS, axes=([-3], [0])) + _OFFSET
    return np.expand_dims(weighted, -3)
