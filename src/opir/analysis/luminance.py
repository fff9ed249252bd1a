"""Brightness of a pixel, as a display emits it and as the code values say it."""

from __future__ import annotations

from typing import Final

import numpy as np

from opir.runtime.engine import Float32

BT601: Final = np.array([0.299, 0.587, 0.114], np.float32)
BT709: Final = np.array([0.2126, 0.7152, 0.0722], np.float32)


def luma(image: Float32) -> Float32:
    """Return the luma (H, W) of encoded RGB (3, H, W) in [0, 1]: ITU-R BT.601, full range, as JPEG has it."""
    result: Float32 = np.tensordot(BT601, image, axes=1).astype(np.float32)
    return result


def relative_luminance(image: Float32) -> Float32:
    """Return the relative luminance (H, W) in [0, 1] of sRGB-encoded (3, H, W) in [0, 1].

    Decoded by the transfer function of IEC 61966-2-1, weighted by ITU-R BT.709.
    """
    linear = np.where(image <= 0.04045, image / 12.92, ((image + 0.055) / 1.055) ** 2.4)
    result: Float32 = np.tensordot(BT709, linear, axes=1).astype(np.float32)
    return result
