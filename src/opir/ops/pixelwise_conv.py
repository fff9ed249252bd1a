"""The per-pixel, multi-dilation convolution that applies an inverse degradation operator."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor

from opir.errors import ShapeError
from opir.ops._registered import registered
from opir.ops._shift_accumulate import shift_accumulate

_LOW_PRECISION: Final = (torch.float16, torch.bfloat16)


def pixelwise_conv(
    image: Tensor,
    kernels: Tensor,
    *,
    dilations: Sequence[int] = (1,),
    mixing: Tensor | None = None,
    mixing_logits: Tensor | None = None,
    bias: Tensor | None = None,
    add_image: bool = False,
) -> Tensor:
    """Filter an image with a kernel of its own at every pixel, at several dilations.

    ``out(c, p) = sum_d w(d, p) sum_t K(t, c, p) image(c, p + d t)``, where t runs over the k x k
    neighbourhood, the same kernel serves all dilations d, and pixels outside the image repeat its border.
    The linear part of the inverse operator J = W I + c of the degradation model I = H J + b. With ``bias`` c and
    ``add_image`` it is the whole operator, ``out + c + image``.

    No k * k times larger buffer is made, forward or backward: every tap is one shifted read of the image.
    Gradients of all tensors are computed by the operator's own backward pass. Sums are float32 for half and
    bfloat16 inputs. On CUDA everything that is asked for is fused into one pass over memory, where
    :func:`opir.ops.choose_implementation` says so.

    Args:
        image: (B, C, H, W), any values.
        kernels: (B, k * k * C, H, W), tap-major: channel ``t * C + c`` is tap t (row by row) of colour c; k odd.
        dilations: distances between taps in pixels, each at least 1.
        mixing: (B, D, H, W), weight w of each dilation; None weighs every dilation by 1.
        mixing_logits: (B, D, H, W), instead of ``mixing``: w is their softmax over the dilations.
        bias: (B, C, H, W), added to the result; None adds nothing.
        add_image: whether to add the image to the result.

    Kernels, mixing and bias have the dtype of ``image``, or half or bfloat16 beside a float32 image.

    Returns:
        (B, C, H, W), dtype of ``image``.

    Raises:
        ShapeError: if shapes, dtypes or dilations do not fit together.
    """
    logits = mixing_logits is not None
    if logits and mixing is not None:
        raise ShapeError("expected mixing or mixing_logits, got both: leave one out")
    mixing = mixing_logits if logits else mixing
    size = _check(image, kernels, dilations, mixing, bias)
    if image.is_cuda or (torch.compiler.is_compiling() and _needs_gradient(image, kernels, mixing, bias)):
        value: Tensor = registered(image, kernels, mixing, bias, list(dilations), logits, add_image)
        return value
    reach = max(dilations) * (size // 2)
    padded = F.pad(image, (reach, reach, reach, reach), mode="replicate")
    if mixing is not None:
        mixing = mixing.to(image.dtype)
        mixing = torch.softmax(mixing, dim=1) if logits else mixing
    result = shift_accumulate(padded, kernels, mixing, tuple(dilations), size)
    if add_image:
        result = image + result
    return result if bias is None else result + bias.to(image.dtype)


def _needs_gradient(*tensors: Tensor | None) -> bool:
    return torch.is_grad_enabled() and any(tensor is not None and tensor.requires_grad for tensor in tensors)


def _check(image: Tensor, kernels: Tensor, dilations: Sequence[int], mixing: Tensor | None, bias: Tensor | None) -> int:
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
    if bias is not None and bias.shape != image.shape:
        raise ShapeError(f"bias must have the shape of image, {tuple(image.shape)}; got {tuple(bias.shape)}")
    allowed = (torch.float32, *_LOW_PRECISION) if image.dtype == torch.float32 else (image.dtype,)
    for name, tensor in (("kernels", kernels), ("mixing", mixing), ("bias", bias)):
        if tensor is not None and tensor.dtype not in allowed:
            raise ShapeError(
                f"{name} must have a dtype of {', '.join(map(str, allowed))} beside an image of {image.dtype}; "
                f"got {tensor.dtype}: cast one of them"
            )
    return size
