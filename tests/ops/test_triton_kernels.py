"""The fused kernels against the unfolding reference: on the GPU where there is one, else by Triton's interpreter."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
import torch
from torch import Tensor

from opir.ops import pixelwise_conv_reference

pytest.importorskip("triton", minversion="3.3", reason="needs Triton: pip install 'opir[triton-test]'")

from opir.ops import _triton_launch as launch

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
SMALL = launch.TileShape(
    rows=4, columns=8, n_warps=1
)  # several rectangles even in pictures that are quick to interpret


@dataclass(frozen=True, kw_only=True)
class Case:
    """One use of the operator."""

    height: int
    width: int
    dilations: tuple[int, ...] = (1, 2)
    mixing: str = "logits"
    extras: bool = True
    kernel_size: int = 3
    channels: int = 3
    batch: int = 1
    dtype: torch.dtype = torch.float32
    layout: str = "contiguous"


CASES = (
    Case(height=1, width=1, dilations=(1,), mixing="weights"),
    Case(height=1, width=7, dilations=(1,), batch=2, mixing="weights"),
    Case(height=2, width=3, mixing="none", dilations=(2,)),
    Case(height=7, width=9),
    Case(height=5, width=4, extras=False, mixing="none", dilations=(1,), batch=2),
    Case(height=3, width=5, kernel_size=5, mixing="weights", dilations=(1,)),
    Case(height=3, width=6, kernel_size=1, dilations=(1,), mixing="weights"),
    Case(height=4, width=6, channels=1, mixing="weights", dilations=(3,)),
    Case(height=4, width=6, dilations=(1,), mixing="weights", layout="channels_last"),
    Case(height=4, width=6, dilations=(1,), mixing="weights", layout="transposed"),
    Case(height=4, width=6, dilations=(1,), mixing="weights", layout="channels_of_one", batch=2),
    Case(height=9, width=1, dilations=(4,), mixing="weights"),  # farther than the picture is wide
    Case(height=3, width=5, dilations=(1,), mixing="weights", layout="columns_of_one", channels=2),
    Case(height=3, width=5, dilations=(1,), mixing="weights", layout="expanded", batch=2),
)
TOLERANCES = {torch.float32: 1e-5, torch.float16: 3e-3, torch.bfloat16: 2e-2}
"""Largest error relative to the largest value: rounding of inputs, then of sums, then of results."""


def relayout(tensor: Tensor, layout: str) -> Tensor:
    if layout == "channels_last":
        return tensor.contiguous(memory_format=torch.channels_last)
    if layout == "transposed":
        return tensor.transpose(2, 3).contiguous().transpose(2, 3)
    if layout == "channels_of_one":  # as slices of the operator that the network predicts
        return torch.cat([tensor, tensor], dim=1)[:, tensor.shape[1] :]
    if layout == "columns_of_one":  # rows farther apart than they are long, first element not at the start
        return torch.cat([tensor, tensor], dim=3)[..., tensor.shape[3] :]
    if layout == "expanded":  # as the gradient of a sum: a stride of zero
        return tensor[..., :1].expand_as(tensor)
    return tensor


def operands(case: Case) -> tuple[Tensor, Tensor, Tensor | None, Tensor | None, Tensor]:
    generator = torch.Generator().manual_seed(0)
    channels, size = case.channels, (case.height, case.width)

    def draw(n_channels: int) -> Tensor:
        tensor = torch.randn(case.batch, n_channels, *size, generator=generator).to(case.dtype)
        return relayout(tensor.to(DEVICE), case.layout)

    mixing = None if case.mixing == "none" else draw(len(case.dilations))
    bias = draw(channels) if case.extras else None
    return draw(channels), draw(case.kernel_size**2 * channels), mixing, bias, draw(channels)


def expected(case: Case) -> tuple[Tensor, Tensor, Tensor, Tensor | None]:
    """Value and gradients of image, kernels and mixing, differentiated automatically in float64."""
    image, kernels, mixing, bias, gradient = (
        None if tensor is None else tensor.double().contiguous().requires_grad_() for tensor in operands(case)
    )
    weights = mixing.softmax(dim=1) if case.mixing == "logits" else mixing
    value = pixelwise_conv_reference(image, kernels, dilations=case.dilations, mixing=weights)
    if case.extras:
        value = value + image + bias
    inputs = (image, kernels) if mixing is None else (image, kernels, mixing)
    gradients = torch.autograd.grad(value, inputs, gradient)
    return value.detach(), gradients[0], gradients[1], None if mixing is None else gradients[2]


def found(case: Case, tile: launch.TileShape) -> tuple[Tensor, Tensor, Tensor, Tensor | None]:
    image, kernels, mixing, bias, gradient = operands(case)
    logits = case.mixing == "logits"
    weights = mixing.float().softmax(dim=1) if logits else mixing
    value = launch.forward(
        image, kernels, mixing, bias, case.dilations, logits=logits, add_image=case.extras, tile=tile
    )
    d_kernels, d_mixing = launch.coefficient_gradients(
        gradient, image, kernels, mixing, case.dilations, logits=logits, tile=tile
    )
    d_image = launch.gradient_of_image(
        gradient, image, kernels, weights, case.dilations, add_image=case.extras, tile=tile
    )
    return value, d_image, d_kernels, None if mixing is None else d_mixing


def check(case: Case, tile: launch.TileShape = SMALL) -> None:
    for one, other in zip(found(case, tile), expected(case), strict=True):
        if other is None:
            assert one is None
            continue
        assert one.shape == other.shape
        assert one.dtype == case.dtype
        assert other.abs().max() > 1e-3 or case.height * case.width == 1
        assert (one.double() - other).abs().max() <= TOLERANCES[case.dtype] * other.abs().max().clamp(min=1.0)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.height}x{case.width}-{case.mixing}-{case.layout}")
def test_values_and_gradients_equal_the_reference(case: Case) -> None:
    check(case)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_accumulated_in_float32(dtype: torch.dtype) -> None:
    check(Case(height=3, width=6, dtype=dtype, mixing="weights", dilations=(1,)))


@pytest.mark.slow
def test_the_shipped_rectangle() -> None:
    check(Case(height=9, width=33, dilations=(2,), mixing="weights"), launch.FORWARD)


def test_half_coefficients_beside_a_float32_image() -> None:
    case = Case(height=4, width=8)
    image, kernels, mixing, bias, _ = operands(case)
    low = [tensor.bfloat16() for tensor in (kernels, mixing, bias)]
    value = launch.forward(image, *low, case.dilations, logits=True, add_image=True, tile=SMALL)
    same = [tensor.float() for tensor in low]
    exact = launch.forward(image, *same, case.dilations, logits=True, add_image=True, tile=SMALL)
    assert value.dtype == torch.float32
    torch.testing.assert_close(value, exact, rtol=0, atol=0)


def test_no_pixels_are_no_launch() -> None:
    image, kernels = torch.zeros(0, 3, 4, 4, device=DEVICE), torch.zeros(0, 27, 4, 4, device=DEVICE)
    assert launch.forward(image, kernels, None, None, (1,), logits=False, add_image=False).shape == image.shape
    assert launch.gradient_of_image(image, image, kernels, None, (1,), add_image=False).shape == image.shape
    assert launch.coefficient_gradients(image, image, kernels, None, (1,), logits=False)[0].shape == kernels.shape
