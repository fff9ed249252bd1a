"""Losses mean what they say."""

from __future__ import annotations

import math

import pytest
import torch

from opir.errors import ConfigurationError
from opir.metrics import psnr
from opir.training.losses import LossWeights, balanced, balanced_squares, charbonnier, fourier_l1, log_scale_error


def test_charbonnier_and_fourier_closed_forms():
    zero = torch.zeros(1, 3, 8, 8)
    assert charbonnier(zero, zero, epsilon=1e-3).tolist() == pytest.approx([1e-3])
    assert charbonnier(zero + 0.3, zero, epsilon=0.4).tolist() == pytest.approx([0.5])
    impulse = zero.clone()
    impulse[0, :, 0, 0] = 8.0  # the orthonormal spectrum of an impulse of height 8 on 8 x 8 is 1 everywhere
    assert fourier_l1(impulse, zero).item() == pytest.approx(0.5)


def test_balancing_takes_weight_from_pictures_with_large_errors():
    errors = torch.tensor([0.0, 0.02, 0.18], requires_grad=True)
    balanced(errors, balance=0.02).backward()
    torch.testing.assert_close(3 * errors.grad, torch.tensor([1.0, 0.5, 0.1]))


def test_squares_balance_as_distances_do_and_large_ones_are_psnr():
    clean = torch.full((3, 3, 4, 4), 0.5)
    changes = torch.tensor([0.0, 0.02, 0.18])[:, None, None, None]
    restored = (clean + changes).requires_grad_()
    balanced_squares(restored, clean, balance=0.02).backward()
    per_picture = 3 * restored.grad.sum(dim=(1, 2, 3))  # s x / (x^2 + s^2)
    torch.testing.assert_close(per_picture, torch.tensor([0.0, 0.5, 0.02 * 0.18 / (0.18**2 + 0.02**2)]))
    generator = torch.Generator().manual_seed(0)
    near, far = (clean[:1] + size * torch.randn(clean[:1].shape, generator=generator) for size in (0.05, 0.1))
    values = [balanced_squares(picture, clean[:1], balance=1e-4).item() for picture in (near, far)]
    decibels = [psnr(picture[0].numpy(), clean[0].numpy(), data_range=1.0) for picture in (near, far)]
    assert (values[1] - values[0]) * 20 / (1e-4 * math.log(10)) == pytest.approx(decibels[0] - decibels[1], rel=1e-3)


def test_a_distance_that_does_not_exist_is_refused():
    with pytest.raises(ConfigurationError, match="distance must be one of"):
        LossWeights(distance="cubed")


def test_the_uncertainty_is_smallest_at_the_true_error_and_moves_only_the_scale():
    restored = torch.full((1, 3, 4, 4), 0.5, requires_grad=True)
    clean = restored.detach() + 0.1
    values = [log_scale_error(torch.full((1, 1, 4, 4), b), restored, clean).item() for b in (0.05, 0.1, 0.2)]
    assert values[1] < values[0]
    assert values[1] < values[2]
    scale = torch.full((1, 1, 4, 4), 0.05, requires_grad=True)
    log_scale_error(scale, restored, clean).backward()
    assert restored.grad is None
    assert (scale.grad < 0).all()
