"""sRGB in numpy: the transfer function both ways, and the brightness of a pixel.

The same functions with gradients are in :mod:`opir.physics.colour`.
"""

from __future__ import annotations

from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

Float32: TypeAlias = NDArray[np.float32]

BT601: Final = np.array([0.299, 0.587, 0.114], np.float32)
BT709: Final = np.array([0.2126, 0.7152, 0.0722], np.float32)

_ENCODED_KNEE: Final = 0.04045
_LINEAR_KNEE: Final = 0.0031308


def to_linear(encoded: Float32) -> Float32:
    """Decode sRGB in [0, 1] of any shape to linear light (IEC 61966-2-1)."""
    curved = ((np.maximum(encoded, _ENCODED_KNEE) + 0.055) / 1.055) ** 2.4
    return np.where(encoded <= _ENCODED_KNEE, encoded / 12.92, curved).astype(np.float32)


def to_encoded(linear: Float32) -> Float32:
    """Encode linear light in [0, 1] of any shape as sRGB (IEC 61966-2-1)."""
    curved = 1.055 * np.maximum(linear, _LINEAR_KNEE) ** (1 / 2.4) - 0.055
    return np.where(linear <= _LINEAR_KNEE, 12.92 * linear, curved).astype(np.float32)


def luma(image: Float32) -> Float32:
    """Return the luma (H, W) of encoded RGB (3, H, W) in [0, 1]: ITU-R BT.601, full range, as JPEG has it."""
    result: Float32 = np.tensordot(BT601, image, axes=1).astype(np.float32)
    return result


def relative_luminance(image: Float32) -> Float32:
    """Return the relative luminance (H, W) in [0, 1] of sRGB-encoded (3, H, W) in [0, 1], weighted by ITU-R BT.709."""
    result: Float32 = np.tensordot(BT709, to_linear(image), axes=1).astype(np.float32)
    return result
