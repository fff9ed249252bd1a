"""Developed noise has the promised variance, spectrum, share of colour and unevenness."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from laws import assert_common_laws, assert_gradient, assert_monotonic_severity, seeded
from opir.physics.colour import rgb_to_ycbcr
from opir.physics.developed_noise import DevelopedNoise, DevelopedNoiseParameters, unevenness

SIDE = 128


def parameters(n: int = 4, *, sigma: float = 8.0) -> DevelopedNoiseParameters:
    """Even, fine noise without blotches, white parts or colour; n fields."""
    return DevelopedNoiseParameters(
        sigma=torch.full((n,), sigma),
        cutoff=torch.full((n, 3), 0.25),
        steepness=torch.full((n, 3), 5.0),
        coarse_share=torch.zeros(n, 3),
        coarse_cutoff=torch.full((n,), 0.03),
        white_share=torch.zeros(n),
        chroma_share=torch.zeros(n),
        shot_share=torch.zeros(n),
        reduction=torch.zeros(n),
        seed=torch.arange(n),
    )


def noise_of(chosen: DevelopedNoiseParameters, image: torch.Tensor | None = None) -> torch.Tensor:
    image = torch.full((len(chosen.sigma), 3, SIDE, SIDE), 0.5) if image is None else image
    return DevelopedNoise().apply(image, chosen) - image


def share_of_power(plane: torch.Tensor, low: float, high: float) -> float:
    """Share of the power of (B, H, W) between two frequencies."""
    power = torch.fft.fft2(plane).abs().square()
    frequency = torch.fft.fftfreq(SIDE)
    radius = (frequency[:, None] ** 2 + frequency[None, :] ** 2).sqrt()
    inside = (radius >= low) & (radius < high)
    return float(power[:, inside].sum() / power.sum())


def test_common_laws() -> None:
    assert_common_laws(DevelopedNoise())
    assert_monotonic_severity(DevelopedNoise())
    assert_gradient(DevelopedNoise(), severity=0.2)


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_total_variance_and_share_of_colour(share: float) -> None:
    noise = noise_of(replace(parameters(), chroma_share=torch.full((4,), share)))
    assert 255 * noise.square().mean().sqrt().item() == pytest.approx(8, rel=0.06)
    luma = rgb_to_ycbcr(noise)[:, :1]
    assert 255**2 * luma.square().mean().item() == pytest.approx(64 * (1 - share), rel=0.08, abs=0.05)


def test_drawn_noise_has_the_drawn_strength() -> None:
    image = torch.rand(16, 3, SIDE, SIDE, generator=seeded(0)) * 0.2 + 0.4
    drawn = replace(DevelopedNoise().sample(16, seeded(1)), sigma=torch.full((16,), 8.0))
    strengths = 255 * noise_of(drawn, image).square().mean(dim=(1, 2, 3)).sqrt()
    assert strengths.mean().item() == pytest.approx(8, rel=0.1)


def test_power_is_flat_below_the_cutoff_and_gone_beyond() -> None:
    luma = noise_of(parameters()).mean(dim=1)
    inner, outer = share_of_power(luma, 0, 0.1), share_of_power(luma, 0.1, 0.2)
    assert outer / inner == pytest.approx(3, rel=0.15)  # as their areas
    assert share_of_power(luma, 0.4, 1) < 0.01


def test_blotches_lie_at_low_frequencies_and_white_noise_everywhere() -> None:
    blotchy = replace(parameters(), coarse_share=torch.full((4, 3), 0.5))
    below = (share_of_power(noise_of(chosen).mean(dim=1), 0, 0.06) for chosen in (parameters(), blotchy))
    fine, coarse = below
    assert fine < 0.1
    assert coarse > 0.4
    white = replace(parameters(), white_share=torch.full((4,), 0.2))
    beyond = 1 - torch.pi * 0.4**2  # of the area
    assert share_of_power(noise_of(white).mean(dim=1), 0.4, 1) == pytest.approx(0.2 * beyond, rel=0.15)


def test_shot_noise_is_stronger_where_it_is_bright() -> None:
    image = torch.full((4, 3, SIDE, SIDE), 0.2)
    image[..., SIDE // 2 :] = 0.8
    noise = noise_of(replace(parameters(), shot_share=torch.ones(4)), image).square()
    ratio = noise[..., SIDE // 2 + 8 :].mean() / noise[..., : SIDE // 2 - 8].mean()
    assert ratio.item() == pytest.approx(4, rel=0.2)


def test_reduction_spares_detail_and_keeps_the_mean_strength() -> None:
    image = torch.full((4, 3, SIDE, SIDE), 0.5)
    image[..., SIDE // 2 :] += 0.2 * (torch.rand(SIDE, SIDE // 2, generator=seeded(2)) - 0.5)
    strength = unevenness(image, torch.zeros(4), torch.full((4,), 0.8))
    assert strength.square().mean().item() == pytest.approx(1, rel=1e-4)
    flat, detailed = strength[..., : SIDE // 2 - 8].mean(), strength[..., SIDE // 2 + 8 :].mean()
    assert (detailed / flat).item() > 2
    assert torch.allclose(unevenness(image, torch.zeros(4), torch.zeros(4)), torch.ones(1))
