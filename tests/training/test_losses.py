"""Losses mean what they say."""

from __future__ import annotations

import pytest
import torch

from opir.training.losses import balanced, charbonnier, fourier_l1, log_scale_error


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
