"""Gaussian smoothing with a width of its own for every image and channel."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from opir.errors import ConfigurationError

_SMALLEST_SCALE = 1e-3


def gaussian_filter(image: Tensor, scales_px: Tensor, *, radius_px: int) -> Tensor:
    """Convolve each plane with a sampled Gaussian, first along columns, then along rows.

    Differentiable; borders are replicated; a scale of 0 leaves the plane exactly as it is.

    Args:
        image: (B, C, H, W), any range.
        scales_px: (B, C), standard deviations in pixels.
        radius_px: where the Gaussian is cut off; three standard deviations lose 0.3 % of its mass, which the
            normalisation restores.

    Returns:
        (B, C, H, W).

    Raises:
        ConfigurationError: if the radius is negative.
    """
    if radius_px < 0:
        raise ConfigurationError(f"radius_px must be 0 or more; got {radius_px}")
    b, c, height, width = image.shape
    kernels = gaussian_kernels(scales_px.to(image), radius_px=radius_px).reshape(b * c, 1, -1)
    planes = F.pad(image, (radius_px,) * 4, mode="replicate").reshape(1, b * c, height + 2 * radius_px, -1)
    vertical = F.conv2d(planes, kernels[..., None], groups=b * c)
    return F.conv2d(vertical, kernels[:, :, None], groups=b * c).reshape(b, c, height, width)


def gaussian_kernels(scales_px: Tensor, *, radius_px: int) -> Tensor:
    """Sampled Gaussians of sum 1: standard deviations (...) in pixels to (..., 2 radius_px + 1)."""
    position = torch.arange(-radius_px, radius_px + 1, device=scales_px.device, dtype=scales_px.dtype)
    exponent = -0.5 * (position / scales_px[..., None].clamp(min=_SMALLEST_SCALE)) ** 2
    return exponent.softmax(dim=-1)
