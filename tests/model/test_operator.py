"""The operator in one call is the operator spelt out, in any precision, and traced without a break."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from opir.model import preset
from opir.model.operator import INITIAL_LOG_SCALE, LOG_SCALE_RANGE, InverseOperator
from opir.ops import pixelwise_conv
from small_network import SMALL, small_network


def drawn(n_channels: int, *, dtype: torch.dtype = torch.float32) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    image = torch.rand(2, 3, 9, 7, generator=generator)
    return image, torch.randn(2, n_channels, 9, 7, generator=generator).to(dtype)


def spelt_out(image: Tensor, operator: Tensor) -> tuple[Tensor, Tensor]:
    kernels, mixing, bias, log_scale = operator.split((27, 4, 3, 1), dim=1)
    change = pixelwise_conv(image, kernels, dilations=(1, 2, 3, 4), mixing=torch.softmax(mixing, dim=1))
    scale = torch.exp((log_scale + INITIAL_LOG_SCALE).clamp(*LOG_SCALE_RANGE))
    return image + change + bias, scale


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_values_and_gradients_are_those_of_the_parts(dtype: torch.dtype) -> None:
    image, operator = drawn(SMALL.n_operator_channels, dtype=dtype)
    operator.requires_grad_()
    one = InverseOperator(SMALL)(image, operator)
    other = spelt_out(image, operator.to(image.dtype))
    for value, expected in zip(one, other, strict=True):
        assert value.dtype == torch.float32
        assert torch.equal(value, expected)
    got, wanted = (torch.autograd.grad(sum(part.cos().sum() for part in each), operator)[0] for each in (one, other))
    assert got.dtype == dtype
    assert got.abs().max() > 0.1
    assert torch.equal(got, wanted)


def test_a_picture_in_low_precision_has_its_operator_converted() -> None:
    image, operator = drawn(SMALL.n_operator_channels)
    restored, scale = InverseOperator(SMALL)(image.bfloat16(), operator)
    assert restored.dtype == scale.dtype == torch.bfloat16
    torch.testing.assert_close(restored.float(), spelt_out(image, operator)[0], rtol=0.02, atol=0.05)


def test_the_pointwise_form_takes_low_precision() -> None:
    config = preset("paper")
    image, operator = drawn(config.n_operator_channels)
    module = InverseOperator(config)  # converts the operator: taps and scale are made of the same channels
    for value, expected in zip(module(image, operator.bfloat16()), module(image, operator), strict=True):
        assert value.dtype == torch.float32
        torch.testing.assert_close(value, expected, rtol=0.02, atol=0.05)


@pytest.mark.parametrize("half", [False, True])
def test_a_stage_is_traced_without_a_break(half: bool) -> None:
    network = small_network()
    generator = torch.Generator().manual_seed(0)
    image = torch.rand(1, 3, 24, 16, generator=generator)
    conditions = (torch.rand(1, SMALL.n_tasks, generator=generator), torch.rand(1, SMALL.n_context))
    inputs = (image, image, image[:, :1] * 0, *conditions, torch.eye(2)[0])
    torch.compiler.reset()
    compiled = torch.compile(network.weighted_stage, fullgraph=True, dynamic=False, backend="aot_eager")
    with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16, enabled=half):
        found, expected = compiled(*inputs), network.weighted_stage(*inputs)
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other)
