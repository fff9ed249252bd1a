"""Point-spread functions: drawing them, and blurring a picture with them in linear light."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from opir.deconvolution.fast_length import fast_length
from opir.errors import ShapeError
from opir.physics.colour import linear_to_srgb, srgb_to_linear
from opir.physics.per_image import keep_where, per_image

_HIGHLIGHT = 0.85
"""Linear value above which a pixel is taken to be clipped by the sensor."""


def blur_in_linear_light(image: Tensor, kernels: Tensor, headroom_stops: Tensor) -> Tensor:
    """What a camera records of a blurred scene: ``I = srgb(clip(k * R))``.

    R is the picture in linear light with clipped highlights raised by the headroom (see
    :func:`raise_highlights`), so that lamps draw bright trails instead of gray ones (Cho, Wang & Lee, "Handling
    outliers in non-blind image deconvolution", ICCV 2011: clipping is the last step).

    Args:
        image: (B, 3, H, W), sRGB in [0, 1].
        kernels: (B, K, K), K odd, each of sum 1; where a kernel is a single 1 in the middle, the image is returned
            exactly.
        headroom_stops: (B,), how much brighter than white clipped highlights really are, in stops.

    Returns:
        (B, 3, H, W), sRGB in [0, 1].
    """
    radiance = raise_highlights(srgb_to_linear(image), headroom_stops)
    blurred = linear_to_srgb(convolve(radiance, kernels).clamp(0, 1)).clamp(0, 1)
    middle = kernels.shape[-1] // 2
    return keep_where(kernels[:, middle, middle] == 1, image, blurred)


def raise_highlights(linear: Tensor, headroom_stops: Tensor) -> Tensor:
    """Undo the clipping of highlights, smoothly: ``R = L (1 + (2 ** h - 1) s)``, s from 0 at 0.85 to 1 at white.

    Args:
        linear: (B, 3, H, W), linear RGB in [0, 1].
        headroom_stops: (B,), h >= 0.

    Returns:
        (B, 3, H, W), linear RGB, up to ``2 ** h``.
    """
    position = ((linear - _HIGHLIGHT) / (1 - _HIGHLIGHT)).clamp(0, 1)
    smooth = position * position * (3 - 2 * position)
    return linear * (1 + (torch.exp2(per_image(headroom_stops, linear)) - 1) * smooth)


def convolve(image: Tensor, kernels: Tensor) -> Tensor:
    """Convolve every image with its own kernel; the border is replicated.

    ``out(p) = sum_q k(q) in(p - q)``, computed by the discrete Fourier transform. Its adjoint is the convolution
    with the point-mirrored kernel, where the border plays no part.

    Args:
        image: (B, C, H, W), any range.
        kernels: (B, K, K), K odd.

    Returns:
        (B, C, H, W).

    Raises:
        ShapeError: if the kernels are not (B, K, K) with odd K.
    """
    if kernels.ndim != 3 or kernels.shape[1] != kernels.shape[2] or kernels.shape[2] % 2 == 0:
        raise ShapeError(f"kernels must be (B, K, K) with odd K; got {tuple(kernels.shape)}")
    if len(kernels) != len(image):
        raise ShapeError(f"image and kernels must have the same batch size; got {len(image)} and {len(kernels)}")
    height, width = image.shape[-2:]
    radius = kernels.shape[-1] // 2
    padded = F.pad(image, (radius,) * 4, mode="replicate")
    size = (fast_length(height + 2 * radius), fast_length(width + 2 * radius))
    response = torch.fft.rfft2(kernels.to(image.dtype), s=size)[:, None]
    product: Tensor = torch.fft.irfft2(torch.fft.rfft2(padded, s=size) * response, s=size)
    return product[..., 2 * radius : 2 * radius + height, 2 * radius : 2 * radius + width]


def draw_points(x_px: Tensor, y_px: Tensor, weights: Tensor, radius_px: int) -> Tensor:
    """Kernels of weighted points, each shared among the four pixels around it.

    Args:
        x_px: (B, P), columns from the middle, within [-radius_px, radius_px].
        y_px: (B, P), rows from the middle.
        weights: (B, P), not negative.
        radius_px: the kernels have 2 radius_px + 1 pixels a side.

    Returns:
        (B, K, K), float32, scaled to sum 1.
    """
    side = 2 * radius_px + 1
    x, y = x_px.clamp(-radius_px, radius_px) + radius_px, y_px.clamp(-radius_px, radius_px) + radius_px
    column, row = x.floor().clamp(max=side - 2), y.floor().clamp(max=side - 2)
    right, low = x - column, y - row
    corner = (row * side + column).long()
    kernels = torch.zeros(len(x_px), side * side, device=x_px.device)
    for offset, share in (
        (0, (1 - right) * (1 - low)),
        (1, right * (1 - low)),
        (side, (1 - right) * low),
        (side + 1, right * low),
    ):
        kernels.scatter_add_(1, corner + offset, weights * share)
    return (kernels / kernels.sum(dim=1, keepdim=True)).view(-1, side, side)
