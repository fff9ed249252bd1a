"""The per-pixel, multi-dilation convolution that applies an inverse degradation operator."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor

from opir.errors import ShapeError
from opir.ops._shift_accumulate import shift_accumulate


def pixelwise_conv(
    image: Tensor, kernels: Tensor, *, dilations: Sequence[int] = (1,), mixing: Tensor | None = None
) -> Tensor:
    """Filter an image with a kernel of its own at every pixel, at several dilations.

    ``out(c, p) = sum_d w(d, p) sum_t K(t, c, p) image(c, p + d t)``, where t runs over the k x k
    neighbourhood, the same kernel serves all dilations d, and pixels outside the image repeat its border.
    The linear part of the inverse operator J = W I + c of the degradation model I = H J + b.

    No k * k times larger buffer is made, forward or backward: every tap is one shifted read of the image.
    Gradients of image, kernels and mixing are computed by the operator's own backward pass. Half and
    bfloat16 inputs are accumulated in float32.

    Args:
        image: (B, C, H, W), any values.
        kernels: (B, k * k * C, H, W), tap-major: channel ``t * C + c`` is tap t (row by row) of colour c; k odd.
        dilations: distances between taps in pixels, each at least 1.
        mixing: (B, D, H, W), weight w of each dilation; None weighs every dilation by 1.

    Returns:
        (B, C, H, W), dtype of ``image``.

    Raises:
        ShapeError: if shapes, dtypes or dilations do not fit together.
    """
    size = _check(image, kernels, dilations, mixing)
    reach = max(dilations) * (size // 2)
    padded = F.pad(image, (reach, reach, reach, reach), mode="replicate")
    return shift_accumulate(padded, kernels, mixing, tuple(dilations), size)


def _check(image: Tensor, kernels: Tensor, dilations: Sequence[int], mixing: Tensor | None) -> int:
    """Check the arguments against each other and return the kernel size k."""
    if image.ndim != 4 or not image.is_floating_point():
        raise ShapeError(f"image must be floating point (B, C, H, W); got {tuple(image.shape)} {image.dtype}")
    if not dilations or any(dilation < 1 for dilation in dilations):
        raise ShapeError(f"dilations must be one or more integers >= 1; got {tuple(dilations)}")
    batch, channels, height, width = image.shape
    n_taps = kernels.shape[1] // channels if kernels.ndim == 4 else 0
    size = math.isqrt(n_taps)
    if size % 2 == 0 or tuple(kernels.shape) != (batch, size * size * channels, height, width):
        raise ShapeError(
            f"kernels must be (B, k * k * {channels}, H, W) with odd k to match image {tuple(image.shape)}; "
            f"got {tuple(kernels.shape)}: predict one k x k kernel per colour and pixel at the image's size"
        )
    if mixing is not None and tuple(mixing.shape) != (batch, len(dilations), height, width):
        raise ShapeError(
            f"mixing must be {(batch, len(dilations), height, width)}, one map per dilation; got {tuple(mixing.shape)}"
        )
    for name, tensor in (("kernels", kernels), ("mixing", mixing)):
        if tensor is not None and tensor.dtype != image.dtype:
            raise ShapeError(
                f"{name} must have the dtype of image, {image.dtype}; got {tensor.dtype}: cast one of them"
            )
    return size
