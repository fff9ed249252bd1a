"""Correlated noise has the promised variance, grain and share of colour."""

from __future__ import annotations

import math

import pytest
import torch

from laws import assert_common_laws, assert_gradient, assert_monotonic_severity, seeded
from opir.physics.colour import rgb_to_ycbcr
from opir.physics.correlated_noise import CorrelatedNoise, CorrelatedNoiseParameters, smooth_noise
from opir.physics.noise import GaussianNoise


def parameters(sigma: float, luma: float, chroma: float, share: float, n: int = 1) -> CorrelatedNoiseParameters:
    """The same settings for n images with different fields."""
    return CorrelatedNoiseParameters(
        sigma=torch.full((n,), sigma),
        luma_scale_px=torch.full((n,), luma),
        chroma_scale_px=torch.full((n,), chroma),
        chroma_share=torch.full((n,), share),
        seed=torch.arange(n),
    )


def test_common_laws() -> None:
    assert_common_laws(CorrelatedNoise())
    assert_monotonic_severity(CorrelatedNoise())
    assert_gradient(CorrelatedNoise(), severity=0.2)


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_total_variance_and_share_of_colour(share: float) -> None:
    image = torch.full((2, 3, 128, 128), 0.5)
    noise = CorrelatedNoise().apply(image, parameters(10, 0.5, 1.5, share, n=2)) - image
    assert noise.square().mean().sqrt().item() * 255 == pytest.approx(10, rel=0.05)
    luma = rgb_to_ycbcr(noise)[:, :1]
    assert luma.square().mean().item() * 255**2 == pytest.approx(100 * (1 - share), rel=0.06, abs=0.05)


def test_without_smoothing_the_noise_is_white() -> None:
    image = torch.full((1, 3, 128, 128), 0.5)
    noise = CorrelatedNoise().apply(image, parameters(10, 0, 0, 0.5)) - image
    neighbours = (noise[..., 1:] * noise[..., :-1]).mean() / noise.square().mean()
    assert neighbours.abs() < 0.03


def test_autocorrelation_is_a_gaussian_of_twice_the_variance() -> None:
    white = torch.randn(4, 1, 128, 128, generator=seeded(0))
    smooth = smooth_noise(white, torch.full((4, 1), 1.5))
    assert smooth.var().item() == pytest.approx(1, rel=0.05)
    for lag in (1, 2, 4):
        correlation = (smooth * smooth.roll(lag, dims=3)).mean().item()
        assert correlation == pytest.approx(math.exp(-(lag**2) / (4 * 1.5**2)), abs=0.04)


def test_severity_is_that_of_white_noise_seen_from_a_distance() -> None:
    image = torch.full((24, 3, 80, 80), 0.5)
    seen = []
    for operator in (GaussianNoise(), CorrelatedNoise()):
        parameters = operator.from_severity(torch.full((24,), 0.2), seeded(1))
        noise = operator.apply(image, parameters) - image
        seen.append(torch.nn.functional.avg_pool2d(noise, 5).std().item())
    assert seen[1] == pytest.approx(seen[0], rel=0.25)
