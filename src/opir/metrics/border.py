"""Leaving the edge of a picture out of a score."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from opir.errors import ShapeError

_Sample = TypeVar("_Sample", bound=np.generic)


def cut_border(image: NDArray[_Sample], border: int) -> NDArray[_Sample]:
    """Cut ``border`` pixels from every side, (..., H, W) to (..., H - 2 border, W - 2 border), as a view.

    Raises:
        ShapeError: if ``border`` is negative or leaves no pixel.
    """
    if image.ndim < 2 or border < 0 or min(image.shape[-2:]) <= 2 * border:
        raise ShapeError(f"the border must be at least 0 and leave a pixel; got {border} for a shape of {image.shape}")
    return image[..., border : image.shape[-2] - border, border : image.shape[-1] - border]
