"""Convolution with point-spread functions against its definition, its adjoint, and the clipping of highlights."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from laws import picture, seeded
from opir.errors import ShapeError
from opir.physics.psf import blur_in_linear_light, convolve, draw_points, raise_highlights


def random_kernels(n: int, side: int) -> torch.Tensor:
    kernels = torch.rand(n, side, side, generator=seeded(0), dtype=torch.float64)
    return kernels / kernels.sum(dim=(1, 2), keepdim=True)


@pytest.mark.parametrize("size", [(1, 1), (2, 9), (17, 5), (24, 31)])
def test_convolution_is_its_definition_with_replicated_border(size: tuple[int, int]) -> None:
    image, kernels = picture(3, *size).double(), random_kernels(3, 7)
    padded = F.pad(image, (3, 3, 3, 3), mode="replicate")
    expected = torch.stack([F.conv2d(padded[i][:, None], kernels[i].flip(0, 1)[None, None])[:, 0] for i in range(3)])
    torch.testing.assert_close(convolve(image, kernels), expected, rtol=0, atol=1e-12)


def test_adjoint_is_the_convolution_with_the_mirrored_kernel() -> None:
    x, y = torch.zeros(2, 2, 3, 40, 40, dtype=torch.float64)
    x[..., 8:-8, 8:-8] = torch.randn(2, 3, 24, 24, generator=seeded(1), dtype=torch.float64)
    y[..., 8:-8, 8:-8] = torch.randn(2, 3, 24, 24, generator=seeded(2), dtype=torch.float64)
    kernels = random_kernels(2, 9)
    forward = (convolve(x, kernels) * y).sum()
    backward = (x * convolve(y, kernels.flip(1, 2))).sum()
    torch.testing.assert_close(forward, backward)


def test_a_convolution_shifts_towards_the_weight() -> None:
    image = torch.zeros(1, 1, 9, 9)
    image[0, 0, 4, 4] = 1
    kernel = torch.zeros(1, 5, 5)
    kernel[0, 1, 4] = 1  # one up, two to the right
    assert convolve(image, kernel)[0, 0, 3, 6].item() == pytest.approx(1)


def test_clipped_lamps_leave_bright_trails() -> None:
    image = torch.zeros(1, 3, 21, 21)
    image[..., 10, 10] = 1
    line = torch.zeros(1, 9, 9)
    line[0, 4] = 1 / 9
    dim = blur_in_linear_light(image, line, torch.zeros(1))
    lamp = blur_in_linear_light(image, line, torch.full((1,), 4.0))
    assert dim[0, 0, 10, 8].item() == pytest.approx(0.368, abs=2e-3)  # srgb(1 / 9)
    assert lamp[0, 0, 10, 8].item() == pytest.approx(1, abs=1e-6)
    assert lamp[0, 0, 8, 10].item() < 1e-3


def test_highlights_are_raised_by_the_headroom_and_dark_tones_are_not() -> None:
    linear = torch.tensor([0.0, 0.5, 0.85, 0.9, 1.0]).view(1, 1, 1, 5)
    raised = raise_highlights(linear, torch.tensor([3.0])).flatten()
    assert raised[:3].tolist() == linear.flatten()[:3].tolist()
    assert raised[4].item() == pytest.approx(8)
    assert (raised.diff() > 0).all()


def test_points_keep_their_centre_of_mass() -> None:
    x, y = torch.tensor([[0.3, -1.25]]), torch.tensor([[2.0, -0.5]])
    kernel = draw_points(x, y, torch.tensor([[3.0, 1.0]]), 3)[0]
    axis = torch.arange(-3.0, 4.0)
    assert kernel.sum().item() == pytest.approx(1)
    assert (kernel.sum(dim=0) * axis).sum().item() == pytest.approx((3 * 0.3 - 1.25) / 4, abs=1e-6)
    assert (kernel.sum(dim=1) * axis).sum().item() == pytest.approx((3 * 2.0 - 0.5) / 4, abs=1e-6)


def test_kernels_of_wrong_shape_are_refused() -> None:
    with pytest.raises(ShapeError, match="odd K"):
        convolve(picture(2), torch.ones(2, 4, 4))
    with pytest.raises(ShapeError, match="batch size"):
        convolve(picture(2), torch.ones(3, 3, 3))
