"""The per-pixel convolution as an operator that torch knows: ``torch.ops.opir.pixelwise_conv``.

Opaque to ``torch.compile``, so it never breaks a graph; shapes are known without computing. Whether a fused kernel
or plain arithmetic runs is decided when it runs, by :func:`opir.ops.implementation.choose_implementation`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor

from opir.ops._plain import Options, plain_backward, plain_forward
from opir.ops.implementation import choose_implementation


class _Context(Protocol):
    """What autograd carries from the values to the gradients."""

    saved_tensors: tuple[Tensor | None, ...]
    needs_input_grad: tuple[bool, ...]
    options: Options

    def save_for_backward(self, *tensors: Tensor | None) -> None: ...


@torch.library.custom_op("opir::pixelwise_conv", mutates_args=())
def registered(
    image: Tensor,
    kernels: Tensor,
    mixing: Tensor | None,
    bias: Tensor | None,
    dilations: Sequence[int],
    mixing_is_logits: bool,
    add_image: bool,
) -> Tensor:
    """Values; arguments as for :func:`opir.ops.pixelwise_conv`, already checked. Laid out like ``image``."""
    if _fused(image):
        from opir.ops._triton_launch import forward

        spacing = tuple(dilations)
        return forward(image, kernels, mixing, bias, spacing, logits=mixing_is_logits, add_image=add_image)
    options = Options(dilations=tuple(dilations), mixing_is_logits=mixing_is_logits, add_image=add_image)
    return plain_forward(image, kernels, mixing, bias, options)


@torch.library.custom_op("opir::pixelwise_conv_backward", mutates_args=())
def registered_backward(
    gradient: Tensor,
    image: Tensor,
    kernels: Tensor,
    mixing: Tensor | None,
    dilations: Sequence[int],
    mixing_is_logits: bool,
    add_image: bool,
    image_needed: bool,
    coefficients_needed: bool,
) -> tuple[Tensor, Tensor, Tensor]:
    """Gradients of image, kernels and mixing; those that are not needed are empty."""
    if _fused(image):
        return _fused_backward(
            gradient,
            image,
            kernels,
            mixing,
            Options(dilations=tuple(dilations), mixing_is_logits=mixing_is_logits, add_image=add_image),
            image_needed=image_needed,
            coefficients_needed=coefficients_needed,
        )
    options = Options(dilations=tuple(dilations), mixing_is_logits=mixing_is_logits, add_image=add_image)
    d_image, d_kernels, d_mixing = plain_backward(gradient, image, kernels, mixing, options)
    return (
        d_image if image_needed else _nothing(image),
        d_kernels if coefficients_needed else _nothing(kernels),
        d_mixing if coefficients_needed else _nothing(kernels if mixing is None else mixing),
    )


def _fused_backward(
    gradient: Tensor,
    image: Tensor,
    kernels: Tensor,
    mixing: Tensor | None,
    options: Options,
    *,
    image_needed: bool,
    coefficients_needed: bool,
) -> tuple[Tensor, Tensor, Tensor]:
    from opir.ops._triton_launch import coefficient_gradients, gradient_of_image

    d_image, d_kernels = _nothing(image), _nothing(kernels)
    d_mixing = _nothing(kernels if mixing is None else mixing)
    if coefficients_needed:
        d_kernels, d_mixing = coefficient_gradients(
            gradient, image, kernels, mixing, options.dilations, logits=options.mixing_is_logits
        )
    if image_needed:
        weights = mixing
        if (
            mixing is not None and options.mixing_is_logits
        ):  # every weight is read k * k times: once is enough to compute
            weights = torch.softmax(mixing.float(), dim=1)
        d_image = gradient_of_image(gradient, image, kernels, weights, options.dilations, add_image=options.add_image)
    return d_image, d_kernels, d_mixing


@registered.register_fake
def _(
    image: Tensor,
    kernels: Tensor,  # noqa: ARG001
    mixing: Tensor | None,  # noqa: ARG001
    bias: Tensor | None,  # noqa: ARG001
    dilations: Sequence[int],  # noqa: ARG001
    mixing_is_logits: bool,  # noqa: ARG001
    add_image: bool,  # noqa: ARG001
) -> Tensor:
    return torch.empty_like(image)


@registered_backward.register_fake
def _(
    gradient: Tensor,  # noqa: ARG001
    image: Tensor,
    kernels: Tensor,
    mixing: Tensor | None,
    dilations: Sequence[int],  # noqa: ARG001
    mixing_is_logits: bool,  # noqa: ARG001
    add_image: bool,  # noqa: ARG001
    image_needed: bool,
    coefficients_needed: bool,
) -> tuple[Tensor, Tensor, Tensor]:
    d_mixing = _nothing(kernels if mixing is None else mixing)
    if coefficients_needed and mixing is not None:
        d_mixing = torch.empty_like(mixing)
    return (
        torch.empty_like(image) if image_needed else _nothing(image),
        torch.empty_like(kernels) if coefficients_needed else _nothing(kernels),
        d_mixing,
    )


def _setup(
    ctx: _Context,
    inputs: tuple[Tensor, Tensor, Tensor | None, Tensor | None, Sequence[int], bool, bool],
    output: Tensor,  # noqa: ARG001
) -> None:
    image, kernels, mixing, bias, dilations, mixing_is_logits, add_image = inputs
    # Without the bias: its gradient is that of the result, only its dtype may differ.
    ctx.save_for_backward(image, kernels, mixing, None if bias is None else bias.new_empty(0))
    ctx.options = Options(dilations=tuple(dilations), mixing_is_logits=mixing_is_logits, add_image=add_image)


def _backward(
    ctx: _Context, gradient: Tensor
) -> tuple[Tensor | None, Tensor | None, Tensor | None, Tensor | None, None, None, None]:
    image, kernels, mixing, bias = ctx.saved_tensors
    assert image is not None
    assert kernels is not None
    image_needed, kernels_needed, mixing_needed, bias_needed = ctx.needs_input_grad[:4]
    d_image: Tensor | None = None
    d_kernels: Tensor | None = None
    d_mixing: Tensor | None = None
    if image_needed or kernels_needed or mixing_needed:
        options = ctx.options
        found = registered_backward(
            gradient,
            image,
            kernels,
            mixing,
            options.dilations,
            options.mixing_is_logits,
            options.add_image,
            image_needed,
            kernels_needed or mixing_needed,
        )
        d_image = found[0] if image_needed else None
        d_kernels = found[1] if kernels_needed else None
        d_mixing = found[2] if mixing_needed else None
    d_bias = gradient.to(bias.dtype) if bias_needed and bias is not None else None
    return d_image, d_kernels, d_mixing, d_bias, None, None, None


registered.register_autograd(_backward, setup_context=_setup)


def _fused(image: Tensor) -> bool:
    return image.is_cuda and choose_implementation(image.device, image.dtype)[0] == "triton"


def _nothing(like: Tensor) -> Tensor:
    return like.new_empty(0)
