"""Photographs of darker subjects than there are.

Collections of photographs are bright: their makers chose well-lit views. Raised to a power above one, code values keep
black and white and lose what lies between, as in a dim room that is rightly exposed.
"""

from __future__ import annotations

import torch
from torch import Tensor

LARGEST_EXPONENT = 4.0
"""Beyond it next to nothing is left of a picture in 8 bits."""


def darkened(crops: Tensor, largest: float, draws: Tensor) -> Tensor:
    """Raise crops to a power: ``J ** (largest ** u)``, the exponent being log-uniform between 1 and ``largest``.

    Args:
        crops: (B, 3, H, W), sRGB in [0, 1].
        largest: the largest exponent, 1 or more.
        draws: (B,), u in [0, 1].

    Returns:
        (B, 3, H, W), quantised to 8 bits.
    """
    exponents = largest ** draws[:, None, None, None]
    return torch.round(crops.pow(exponents) * 255) / 255
