"""The centre crop of the all-in-one protocols."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from opir.errors import ShapeError

_Sample = TypeVar("_Sample", bound=np.generic)


def crop_to_multiple(image: NDArray[_Sample], multiple: int) -> NDArray[_Sample]:
    """Crop (C, H, W) in the centre so that H and W are multiples, as a view.

    Of a remainder r, r // 2 pixels go at the top or left and the others at the bottom or right.

    Raises:
        ShapeError: if a side is smaller than the multiple.
    """
    height, width = image.shape[-2:]
    if min(height, width) < multiple:
        raise ShapeError(f"the crop to a multiple of {multiple} px needs sides of that length; got {width} x {height}")
    top, left = height % multiple // 2, width % multiple // 2
    return image[..., top : top + height // multiple * multiple, left : left + width // multiple * multiple]
