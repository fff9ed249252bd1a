"""Poisson-Gaussian noise in its normal approximation."""

from __future__ import annotations

import pytest
import torch

from opir.physics.photon_noise import photon_noise


def test_moments_agree_with_counted_photons() -> None:
    signal = torch.full((1, 1, 256, 256), 0.1)
    noise = photon_noise(signal, shot=torch.tensor([1e-3]), read=torch.tensor([5e-3]), seed=torch.tensor([1]))
    generator = torch.Generator().manual_seed(2)
    counted = torch.poisson(signal * 1000, generator=generator) / 1000 - 0.1
    counted += 5e-3 * torch.randn(signal.shape, generator=generator)
    assert noise.mean().item() == pytest.approx(0, abs=2e-4)
    assert noise.var().item() == pytest.approx(counted.var().item(), rel=0.02)
    assert noise.quantile(0.95).item() == pytest.approx(counted.quantile(0.95).item(), rel=0.03)


def test_no_noise_is_exactly_zero_and_the_gradient_at_black_is_finite() -> None:
    signal = torch.zeros(2, 1, 4, 4, requires_grad=True)
    seed = torch.tensor([1, 2])
    noise = photon_noise(signal, shot=torch.tensor([1e-2, 0.0]), read=torch.zeros(2), seed=seed)
    assert torch.equal(noise, torch.zeros_like(noise))
    (gradient,) = torch.autograd.grad(noise.sum(), signal)
    assert gradient.isfinite().all()


def test_images_have_their_own_strength_and_field() -> None:
    signal = torch.full((2, 1, 64, 64), 0.5)
    strength = torch.tensor([1e-4, 1e-2])
    noise = photon_noise(signal, shot=strength, read=torch.zeros(2), seed=torch.tensor([1, 2]))
    torch.testing.assert_close(noise.var(dim=(1, 2, 3)), 0.5 * strength, rtol=0.08, atol=0)
    mirrored = photon_noise(signal, shot=strength, read=torch.zeros(2), seed=torch.tensor([2, 1]))
    torch.testing.assert_close(mirrored[0] * 10, noise[1])
