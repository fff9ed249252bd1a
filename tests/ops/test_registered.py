"""The operator as torch knows it: its registration, compilation without a break, the fused call, the choice."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from opir.errors import ShapeError
from opir.ops import choose_implementation, implementation, pixelwise_conv
from opir.ops._registered import registered, registered_backward

DILATIONS = (1, 2)


def operands(*, dtype: torch.dtype = torch.float32, gradients: bool = True) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    shapes = ((2, 3, 6, 7), (2, 27, 6, 7), (2, 2, 6, 7), (2, 3, 6, 7))
    image, kernels, mixing, bias = (
        torch.randn(shape, generator=generator).to(dtype).requires_grad_(gradients) for shape in shapes
    )
    return image, kernels, mixing, bias


def composed(image: Tensor, kernels: Tensor, logits: Tensor, bias: Tensor) -> Tensor:
    """The fused call, spelt out."""
    filtered = pixelwise_conv(image, kernels, dilations=DILATIONS, mixing=torch.softmax(logits, dim=1))
    return image + filtered + bias


def fused(image: Tensor, kernels: Tensor, logits: Tensor, bias: Tensor) -> Tensor:
    return pixelwise_conv(image, kernels, dilations=DILATIONS, mixing_logits=logits, bias=bias, add_image=True)


@pytest.mark.parametrize("mixing", ["logits", "weights", "none"])
def test_registration(mixing: str) -> None:
    image, kernels, weights, bias = operands()
    form = (None if mixing == "none" else weights, None if mixing == "none" else bias, DILATIONS, mixing == "logits")
    torch.library.opcheck(registered, (image, kernels, *form, True))


@pytest.mark.parametrize("needed", [(True, True), (False, True), (True, False)])
def test_registration_of_the_backward_pass(needed: tuple[bool, bool]) -> None:
    image, kernels, logits, gradient = operands(gradients=False)
    strided = image.contiguous(memory_format=torch.channels_last)
    arguments = (gradient, strided, kernels, logits, DILATIONS, True, True, *needed)
    torch.library.opcheck(registered_backward, arguments, test_utils=("test_schema", "test_faketensor"))


def test_registered_gradients_are_exact() -> None:
    inputs = operands(dtype=torch.float64)
    for logits in (True, False):
        got = torch.autograd.grad(registered(*inputs, DILATIONS, logits, True).cos().sum(), inputs)
        image, kernels, mixing, bias = inputs
        weights = mixing.softmax(dim=1) if logits else mixing
        value = image + pixelwise_conv(image, kernels, dilations=DILATIONS, mixing=weights) + bias
        wanted = torch.autograd.grad(value.cos().sum(), inputs)
        for one, other in zip(got, wanted, strict=True):
            assert other.abs().max() > 1e-3
            torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-10)


def test_fused_call_equals_its_parts_bit_by_bit() -> None:
    inputs = operands()
    one, other = fused(*inputs), composed(*inputs)
    assert torch.equal(one, other)
    for a, b in zip(torch.autograd.grad(one.sum(), inputs), torch.autograd.grad(other.sum(), inputs), strict=True):
        assert torch.equal(a, b)


def test_half_coefficients_beside_a_float32_image() -> None:
    image, *coefficients = operands()
    low = [tensor.detach().bfloat16().requires_grad_() for tensor in coefficients]
    value = fused(image, *low)
    assert value.dtype == torch.float32
    torch.testing.assert_close(value, fused(image, *(tensor.float() for tensor in low)), rtol=0, atol=0)
    assert [gradient.dtype for gradient in torch.autograd.grad(value.sum(), low)] == [torch.bfloat16] * 3


@pytest.mark.parametrize("backend", ["eager", "aot_eager"])
@pytest.mark.parametrize("gradients", [True, False])
def test_compiles_without_a_break(backend: str, gradients: bool) -> None:
    inputs = operands(gradients=gradients)
    torch.compiler.reset()
    compiled = torch.compile(fused, fullgraph=True, backend=backend)
    value = compiled(*inputs)
    torch.testing.assert_close(value, fused(*inputs))
    if gradients:
        got = torch.autograd.grad(value.sum(), inputs)
        for one, other in zip(got, torch.autograd.grad(fused(*inputs).sum(), inputs), strict=True):
            torch.testing.assert_close(one, other)


def test_result_is_laid_out_like_the_image() -> None:
    image, kernels, mixing, _ = operands(gradients=False)
    image = image.contiguous(memory_format=torch.channels_last)
    value = registered(image, kernels, mixing, None, DILATIONS, False, False)
    assert value.is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"bias": torch.zeros(2, 3, 6, 6)}, "bias must have the shape of image"),
        ({"mixing": torch.zeros(2, 2, 6, 7)}, "both: leave one out"),
        ({"mixing_logits": torch.zeros(2, 3, 6, 7)}, "one map per dilation"),
        ({"bias": torch.zeros(2, 3, 6, 7, dtype=torch.float64)}, "bias must have a dtype"),
        ({"image": torch.zeros(2, 3, 6, 7, dtype=torch.bfloat16)}, r"a dtype of torch\.bfloat16"),
    ],
)
def test_wrong_arguments_are_named(change: dict[str, Tensor], message: str) -> None:
    image, kernels, logits, bias = operands(gradients=False)
    tensors = {"image": image, "kernels": kernels, "mixing_logits": logits, "bias": bias} | change
    with pytest.raises(ShapeError, match=message):
        pixelwise_conv(tensors.pop("image"), tensors.pop("kernels"), dilations=DILATIONS, **tensors)


def test_the_processor_takes_plain_arithmetic() -> None:
    name, reason = choose_implementation("cpu", torch.float32)
    assert name == "shift_accumulate"
    assert "CUDA" in reason


@pytest.mark.parametrize(
    ("dtype", "problem", "device_problem", "name", "said"),
    [
        (torch.float64, None, None, "shift_accumulate", "float64"),
        (torch.float32, "Triton is not installed", None, "shift_accumulate", "not installed"),
        (torch.float32, None, "wrong values here", "shift_accumulate", "wrong values"),
        (torch.bfloat16, None, None, "triton", "some GPU"),
    ],
)
def test_the_choice_on_a_gpu(
    monkeypatch: pytest.MonkeyPatch,
    dtype: torch.dtype,
    problem: str | None,
    device_problem: str | None,
    name: str,
    said: str,
) -> None:
    monkeypatch.setattr(implementation, "triton_problem", lambda: problem)
    monkeypatch.setattr(implementation, "_device_problem", lambda _: device_problem)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda _: "some GPU")
    got, reason = choose_implementation("cuda:0", dtype)
    assert got == name
    assert said in reason
