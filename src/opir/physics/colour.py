"""Colour spaces: sRGB encoding against linear light, and the luma and chroma of JPEG."""

from __future__ import annotations

import torch
from torch import Tensor

from opir.errors import ShapeError

LUMA_WEIGHTS: tuple[float, float, float] = (0.299, 0.587, 0.114)
"""Weights of R, G and B in the luma of ITU-R BT.601."""

_ENCODED_KNEE = 0.04045
_LINEAR_KNEE = 0.0031308


def srgb_to_linear(encoded: Tensor) -> Tensor:
    """Decode sRGB values to linear light (IEC 61966-2-1, the transfer function of section 5.2).

    ``L = E / 12.92`` for ``E <= 0.04045``, otherwise ``L = ((E + 0.055) / 1.055) ** 2.4``.

    Args:
        encoded: any shape, sRGB-encoded, nominally in [0, 1]. Values below 0 continue the straight piece and
            values above 1 the power, so that slightly out-of-range values survive a round trip.

    Returns:
        The same shape, linear light; 0 maps to 0 and 1 to 1. The gradient is finite everywhere.
    """
    # the clamp keeps the power away from negative bases, whose gradient would be NaN behind the `where`
    curved = ((encoded.clamp(min=_ENCODED_KNEE) + 0.055) / 1.055) ** 2.4
    return torch.where(encoded <= _ENCODED_KNEE, encoded / 12.92, curved)


def linear_to_srgb(linear: Tensor) -> Tensor:
    """Encode linear light as sRGB values (IEC 61966-2-1), the inverse of :func:`srgb_to_linear`.

    ``E = 12.92 L`` for ``L <= 0.0031308``, otherwise ``E = 1.055 L ** (1 / 2.4) - 0.055``.

    Args:
        linear: any shape, linear light, nominally in [0, 1]; continued outside as in the inverse.

    Returns:
        The same shape, sRGB-encoded. The gradient is finite everywhere, 12.92 at black.
    """
    curved = 1.055 * linear.clamp(min=_LINEAR_KNEE) ** (1 / 2.4) - 0.055
    return torch.where(linear <= _LINEAR_KNEE, linear * 12.92, curved)


def rgb_to_ycbcr(image: Tensor) -> Tensor:
    """Luma and chroma of encoded RGB values, full range as in JPEG files (ITU-T T.871, section 7).

    ``Y = 0.299 R + 0.587 G + 0.114 B``, ``Cb = 0.5 + (B - Y) / 1.772``, ``Cr = 0.5 + (R - Y) / 1.402``.

    Args:
        image: (B, 3, H, W), sRGB-encoded in [0, 1].

    Returns:
        (B, 3, H, W): Y in [0, 1], Cb and Cr in [0, 1] with 0.5 for gray.

    Raises:
        ShapeError: if the image is not (B, 3, H, W).
    """
    red, green, blue = _channels(image)
    luma = LUMA_WEIGHTS[0] * red + LUMA_WEIGHTS[1] * green + LUMA_WEIGHTS[2] * blue
    return torch.stack((luma, 0.5 + (blue - luma) / 1.772, 0.5 + (red - luma) / 1.402), dim=1)


def ycbcr_to_rgb(image: Tensor) -> Tensor:
    """Encoded RGB values of full-range luma and chroma, the inverse of :func:`rgb_to_ycbcr`; not clipped.

    Args:
        image: (B, 3, H, W): Y in [0, 1], Cb and Cr in [0, 1] around 0.5.

    Returns:
        (B, 3, H, W), sRGB-encoded; outside [0, 1] where the three numbers are no displayable colour.

    Raises:
        ShapeError: if the image is not (B, 3, H, W).
    """
    luma, blue_difference, red_difference = _channels(image)
    red = luma + 1.402 * (red_difference - 0.5)
    blue = luma + 1.772 * (blue_difference - 0.5)
    green = (luma - LUMA_WEIGHTS[0] * red - LUMA_WEIGHTS[2] * blue) / LUMA_WEIGHTS[1]
    return torch.stack((red, green, blue), dim=1)


def _channels(image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    if image.ndim != 4 or image.shape[1] != 3:
        raise ShapeError(f"image must be (B, 3, H, W); got {tuple(image.shape)}")
    first, second, third = image.unbind(dim=1)
    return first, second, third
