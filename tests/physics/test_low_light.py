"""Low light is exposure, contrast, cast and sensor noise in linear light."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from laws import (
    assert_common_laws,
    assert_gradient,
    assert_gradient_finite,
    assert_monotonic_severity,
    picture,
    seeded,
)
from opir.physics.colour import linear_to_srgb, srgb_to_linear
from opir.physics.low_light import LowLight, LowLightParameters


def exposure(stops: float, **changes: torch.Tensor) -> LowLightParameters:
    """Parameters of one image that differ from the identity in the exposure and in what is named."""
    plain = LowLightParameters(
        exposure_stops=torch.tensor([stops]),
        headroom_stops=torch.zeros(1),
        gamma=torch.ones(1),
        cast_stops=torch.zeros(1, 3),
        shot=torch.zeros(1),
        read=torch.zeros(1),
        seed=torch.tensor([5]),
    )
    return replace(plain, **changes)


def test_common_laws() -> None:
    assert_common_laws(LowLight())
    assert_monotonic_severity(LowLight())
    assert_gradient(LowLight(), severity=0.3)
    assert_gradient_finite(LowLight())


@pytest.mark.parametrize("stops", [-1.0, -3.0, -6.0])
def test_light_halves_per_stop_in_linear_light(stops: float) -> None:
    image = picture(1)
    dark = LowLight().apply(image, exposure(stops))
    torch.testing.assert_close(srgb_to_linear(dark), srgb_to_linear(image) * 2**stops, rtol=1e-3, atol=1e-6)


def test_closed_form_of_contrast_and_cast() -> None:
    image = torch.full((1, 3, 2, 2), 188 / 255)  # 0.50289 linear
    parameters = exposure(-2.0, gamma=torch.tensor([1.3]), cast_stops=torch.tensor([[0.5, 0.0, -0.5]]))
    linear = srgb_to_linear(LowLight().apply(image, parameters))[0, :, 0, 0]
    expected = 0.502886**1.3 / 4 * torch.tensor([2**0.5, 1.0, 2**-0.5])
    torch.testing.assert_close(linear, expected, rtol=1e-4, atol=0)


def test_headroom_keeps_white_bright_and_dark_tones_dark() -> None:
    linear = torch.tensor([0.01, 0.5, 1.0])
    image = linear_to_srgb(linear)[None, :, None, None]
    parameters = exposure(-4.0, headroom_stops=torch.tensor([3.0]))
    dark = srgb_to_linear(LowLight().apply(image, parameters))[0, :, 0, 0]
    torch.testing.assert_close(dark * 16, torch.tensor([0.01 / 0.99125, 0.5 / 0.5625, 8.0]), rtol=1e-4, atol=0)


def test_noise_variance_is_affine_in_the_signal() -> None:
    shot, read = torch.tensor([1e-4]), torch.tensor([1e-3])
    for value in (0.5, 0.9):
        image = torch.full((1, 3, 128, 128), value)
        linear = srgb_to_linear(LowLight().apply(image, exposure(-1.0, shot=shot, read=read)))
        mean = srgb_to_linear(torch.tensor(value)) / 2
        assert linear.mean().item() == pytest.approx(mean.item(), rel=0.01)
        assert linear.var().item() == pytest.approx((shot * mean + read**2).item(), rel=0.03)


def test_noise_never_makes_black_negative_but_lifts_it() -> None:
    black = LowLight().apply(torch.zeros(1, 3, 64, 64), exposure(-4.0, read=torch.tensor([1e-3])))
    assert (black == 0).float().mean().item() == pytest.approx(0.5, abs=0.03)
    assert black.mean().item() == pytest.approx(12.92 * 1e-3 * 0.398942, rel=0.05)


def test_samples_are_as_dark_as_real_dark_photographs() -> None:
    image = picture(400, 16, 16, low=0.2, high=0.9)
    parameters = LowLight().sample(400, seeded(0))
    codes = LowLight().apply(image, parameters).mean(dim=(1, 2, 3)) * 255
    assert 15 < codes.median() < 60
    assert codes.quantile(0.05) > 4
    assert codes.quantile(0.95) < 110
    assert (parameters.cast_stops[:, 1] == 0).all()
