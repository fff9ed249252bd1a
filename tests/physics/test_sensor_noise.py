"""Sensor noise depends on the signal and is correlated, as in finished photographs."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from laws import (
    assert_common_laws,
    assert_gradient,
    assert_gradient_finite,
    assert_monotonic_severity,
    seeded,
)
from opir.physics.bayer import DemosaicMethod
from opir.physics.camera import inverse_tone_curve
from opir.physics.colour import srgb_to_linear
from opir.physics.sensor_noise import SensorNoise, SensorNoiseParameters


@pytest.mark.parametrize("method", ["bilinear", "malvar"])
def test_common_laws(method: DemosaicMethod) -> None:
    assert_common_laws(SensorNoise(method=method))
    assert_monotonic_severity(SensorNoise(method=method))
    assert_gradient(SensorNoise(method=method), severity=0.2)
    assert_gradient_finite(SensorNoise(method=method))


def residual(value: float, severity: float, *, luma_px: float = 0, chroma_px: float = 0, n: int = 4) -> torch.Tensor:
    """Noise on flat gray images, (n, 3, 96, 96), without noise reduction unless asked for."""
    image = torch.full((n, 3, 96, 96), value)
    parameters = replace(
        SensorNoise().from_severity(torch.full((n,), severity), seeded(0)),
        luma_smoothing_px=torch.full((n,), luma_px),
        chroma_smoothing_px=torch.full((n,), chroma_px),
    )
    return SensorNoise().apply(image, parameters) - image


def correlation(first: torch.Tensor, second: torch.Tensor) -> float:
    """Of two fields of mean near 0."""
    return ((first * second).mean() / (first.square().mean() * second.square().mean()).sqrt()).item()


def test_variance_at_the_samples_of_a_neutral_camera() -> None:
    # without gains and colour matrix, a green pixel at 0.5 is 0.21404 at the sensor, and developing it multiplies
    # a small change by the slope of the sRGB curve there times the slope 3/2 of the tone curve at 1/2
    shot, read = 1e-5, 5e-4
    parameters = SensorNoiseParameters(
        digital_gain=torch.ones(1),
        red_gain=torch.ones(1),
        blue_gain=torch.ones(1),
        camera_from_rgb=torch.eye(3)[None],
        bayer_phase=torch.tensor([[0, 0]]),
        shot=torch.tensor([shot]),
        read=torch.tensor([read]),
        luma_smoothing_px=torch.zeros(1),
        chroma_smoothing_px=torch.zeros(1),
        seed=torch.tensor([1]),
    )
    image = torch.full((1, 3, 128, 128), 0.5)
    noise = SensorNoise().apply(image, parameters) - image
    slope = 1.5 * 1.055 / 2.4 * 0.2140411 ** (1 / 2.4 - 1)
    expected = slope * math.sqrt(shot * 0.2140411 + read**2)
    assert noise[0, 1, 0::2, 1::2].std().item() == pytest.approx(expected, rel=0.03)
    # malvar interpolates green at red with squared weights 4 (2/8)^2 + (4/8)^2 + 4 (1/8)^2 = 9/16
    assert noise[0, 1, 0::2, 0::2].std().item() == pytest.approx(0.75 * expected, rel=0.03)


def test_weak_noise_is_linear_and_unbiased() -> None:
    weak, strong = residual(0.5, 0.02), residual(0.5, 0.04)
    ratio = strong.std(dim=(1, 2, 3)) / weak.std(dim=(1, 2, 3))
    torch.testing.assert_close(ratio, torch.full((4,), 2.0), rtol=0.02, atol=0)
    assert (weak.mean(dim=(1, 2, 3)).abs() < 0.05 * weak.std(dim=(1, 2, 3))).all()


def test_noise_is_correlated_between_neighbours() -> None:
    noise = residual(0.5, 0.1)
    assert 0.2 < correlation(noise[..., 1:], noise[..., :-1]) < 0.5


def test_noise_reduction_makes_coarse_grain_of_little_colour() -> None:
    before, after = residual(0.5, 0.1), residual(0.5, 0.1, luma_px=0.7, chroma_px=1.5)
    assert after.std() < 0.8 * before.std()
    assert correlation(after[..., 1:], after[..., :-1]) > 0.6
    gray = residual(0.5, 0.1, chroma_px=1.8)
    assert correlation(gray[:, 0], gray[:, 1]) > correlation(before[:, 0], before[:, 1]) + 0.2


def test_noise_depends_on_the_signal_and_vanishes_in_clipped_highlights() -> None:
    noisy = {value: value + residual(value, 0.1) for value in (0.15, 0.5, 1.0)}
    shadow, middle = (srgb_to_linear(inverse_tone_curve(noisy[value])).std() for value in (0.15, 0.5))
    assert middle > 1.5 * shadow
    assert noisy[1.0].std() < 0.2 * noisy[0.5].std()


def test_black_is_lifted_not_lowered() -> None:
    black = residual(0.0, 0.5)
    assert black.min() >= 0
    assert black.mean() > 0


def test_blue_and_red_are_noisier_than_green_because_of_white_balance() -> None:
    red, green, blue = residual(0.4, 0.2, n=8).std(dim=(0, 2, 3)).tolist()
    assert red > 1.2 * green
    assert blue > 1.2 * green
