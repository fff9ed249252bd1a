"""The fast operator against the unfolding reference: values, every gradient, awkward sizes."""

from __future__ import annotations

import pytest
import torch

from opir.errors import ShapeError
from opir.ops import pixelwise_conv, pixelwise_conv_reference

SIZES = [(1, 1), (1, 7), (2, 3), (5, 5), (13, 9), (32, 17)]
DILATIONS = [(1,), (1, 2), (1, 2, 3, 4), (3,)]


def operands(height, width, n_dilations, *, kernel_size=3, batch=2, channels=3, dtype=torch.float64, seed=0):
    generator = torch.Generator().manual_seed(seed)

    def draw(*shape):
        return torch.randn(*shape, generator=generator, dtype=torch.float64).to(dtype).requires_grad_()

    image = draw(batch, channels, height, width)
    kernels = draw(batch, kernel_size**2 * channels, height, width)
    mixing = draw(batch, n_dilations, height, width)
    return image, kernels, mixing


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("dilations", DILATIONS)
@pytest.mark.parametrize("mixed", [True, False])
@pytest.mark.parametrize("kernel_size", [1, 3, 5])
def test_values_and_gradients_equal_the_reference(size, dilations, mixed, kernel_size):
    image, kernels, mixing = operands(*size, len(dilations), kernel_size=kernel_size)
    inputs = (image, kernels, mixing) if mixed else (image, kernels)
    results = []
    for function in (pixelwise_conv, pixelwise_conv_reference):
        value = function(image, kernels, dilations=dilations, mixing=mixing if mixed else None)
        weight = torch.linspace(-1, 1, value.numel(), dtype=value.dtype).reshape(value.shape)
        results.append((value, *torch.autograd.grad((value * weight).sum(), inputs)))
    for fast, reference in zip(*results, strict=True):
        assert fast.shape == reference.shape
        torch.testing.assert_close(fast, reference, rtol=1e-10, atol=1e-10)
        assert reference.abs().max() > 1e-3


def test_numerical_gradients():
    image, kernels, mixing = operands(4, 5, 2, batch=1, channels=2)
    assert torch.autograd.gradcheck(
        lambda i, k, m: pixelwise_conv(i, k, dilations=(1, 2), mixing=m), (image, kernels, mixing)
    )


def test_gradient_of_one_operand_alone():
    image, kernels, mixing = operands(6, 6, 1)
    value = pixelwise_conv(image.detach(), kernels, dilations=(1,), mixing=mixing.detach())
    (gradient,) = torch.autograd.grad(value.sum(), kernels)
    reference = pixelwise_conv_reference(image.detach(), kernels, dilations=(1,), mixing=mixing.detach())
    torch.testing.assert_close(gradient, torch.autograd.grad(reference.sum(), kernels)[0])


def test_with_and_without_gradient_tracking_agree():
    image, kernels, mixing = operands(7, 8, 4)
    tracked = pixelwise_conv(image, kernels, dilations=(1, 2, 3, 4), mixing=mixing)
    with torch.no_grad():
        plain = pixelwise_conv(image, kernels, dilations=(1, 2, 3, 4), mixing=mixing)
    torch.testing.assert_close(tracked, plain, rtol=0, atol=0)


@pytest.mark.parametrize("layout", ["channels_last", "transposed", "sliced"])
def test_strided_inputs(layout):
    image, kernels, mixing = operands(8, 8, 2)
    expected = pixelwise_conv_reference(image, kernels, dilations=(1, 2), mixing=mixing)

    def relayout(tensor):
        if layout == "channels_last":
            return tensor.contiguous(memory_format=torch.channels_last)
        if layout == "transposed":
            return tensor.transpose(2, 3).contiguous().transpose(2, 3)
        return torch.cat([tensor, tensor], dim=3)[..., :8]

    value = pixelwise_conv(relayout(image), relayout(kernels), dilations=(1, 2), mixing=relayout(mixing))
    torch.testing.assert_close(value, expected)
    got = torch.autograd.grad(value.sum(), (image, kernels, mixing))
    wanted = torch.autograd.grad(expected.sum(), (image, kernels, mixing))
    for one, other in zip(got, wanted, strict=True):
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-5), (torch.bfloat16, 2e-2), (torch.float16, 3e-3)])
def test_lower_precision_accumulates_in_float32(dtype, tolerance):
    image, kernels, mixing = operands(16, 16, 4, dtype=dtype)
    exact = pixelwise_conv_reference(
        *(tensor.double() for tensor in (image, kernels)), dilations=(1, 2, 3, 4), mixing=mixing.double()
    )
    value = pixelwise_conv(image, kernels, dilations=(1, 2, 3, 4), mixing=mixing)
    assert value.dtype == dtype
    assert (value.double() - exact).abs().max() <= tolerance * exact.abs().max()
    gradients = torch.autograd.grad(value.float().sum(), (image, kernels, mixing))
    references = torch.autograd.grad(exact.sum(), (image, kernels, mixing))
    for gradient, reference in zip(gradients, references, strict=True):
        assert gradient.dtype == dtype
        assert (gradient.double() - reference.double()).abs().max() <= 2 * tolerance * reference.abs().max()


def test_identity_kernel_returns_the_image():
    image = torch.rand(1, 3, 9, 11)
    kernels = torch.zeros(1, 27, 9, 11)
    kernels[:, 12:15] = 1.0
    torch.testing.assert_close(pixelwise_conv(image, kernels), image, rtol=0, atol=0)


def test_one_tap_reads_one_neighbour_and_the_border_is_repeated():
    image = torch.arange(12, dtype=torch.float32).reshape(1, 1, 3, 4)
    kernels = torch.zeros(1, 9, 3, 4)
    kernels[:, 5] = 1.0  # row 1, column 2: the right-hand neighbour
    value = pixelwise_conv(image, kernels, dilations=(2,))
    expected = torch.tensor([[2.0, 3, 3, 3], [6, 7, 7, 7], [10, 11, 11, 11]])
    torch.testing.assert_close(value[0, 0], expected)


def test_inputs_are_left_alone():
    image, kernels, mixing = operands(5, 6, 2)
    before = [tensor.detach().clone() for tensor in (image, kernels, mixing)]
    pixelwise_conv(image, kernels, dilations=(1, 2), mixing=mixing).sum().backward()
    for tensor, copy in zip((image, kernels, mixing), before, strict=True):
        assert torch.equal(tensor.detach(), copy)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kernels": torch.zeros(1, 27, 4, 8)}, "kernels must be"),
        ({"kernels": torch.zeros(1, 12, 8, 8)}, "odd k"),
        ({"kernels": torch.zeros(2, 27, 8, 8)}, "kernels must be"),
        ({"mixing": torch.zeros(1, 3, 8, 8)}, "mixing must be"),
        ({"dilations": ()}, "dilations"),
        ({"dilations": (0, 1)}, "dilations"),
        ({"kernels": torch.zeros(1, 27, 8, 8, dtype=torch.float64)}, "dtype"),
        ({"image": torch.zeros(3, 8, 8)}, "image must be"),
    ],
)
def test_wrong_arguments_are_named(change, message):
    arguments = {
        "image": torch.zeros(1, 3, 8, 8),
        "kernels": torch.zeros(1, 27, 8, 8),
        "dilations": (1, 2),
        "mixing": torch.zeros(1, 2, 8, 8),
    } | change
    with pytest.raises(ShapeError, match=message):
        pixelwise_conv(
            arguments["image"],
            arguments["kernels"],
            dilations=arguments["dilations"],
            mixing=arguments["mixing"],
        )
