"""Rain: drop physics in closed form, streak geometry, the common laws."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from laws import (
    assert_common_laws,
    assert_gradient_finite,
    assert_monotonic_severity,
    picture,
    seeded,
)
from opir.physics.drops import drops_per_m3, rain_extinction_per_m, slope_per_mm, terminal_velocity
from opir.physics.rain import SMALLEST_DROP_MM, Rain, scatter_drops


def test_common_laws() -> None:
    assert_common_laws(Rain())
    assert_monotonic_severity(Rain())
    assert_gradient_finite(Rain())


def test_terminal_velocity_of_atlas() -> None:
    measured = {1.0: 4.03, 2.0: 6.49, 3.0: 8.06, 5.0: 9.09}  # Gunn & Kinzer 1949, m/s
    for diameter, speed in measured.items():
        assert terminal_velocity(torch.tensor(diameter)).item() == pytest.approx(speed, rel=0.03)
    assert terminal_velocity(torch.tensor(0.01)).item() == 0


def test_marshall_palmer_distribution() -> None:
    assert slope_per_mm(torch.tensor(25.0)).item() == pytest.approx(4.1 * 25**-0.21)
    diameters = torch.linspace(1.0, 40.0, 200_000, dtype=torch.float64)
    for rate in (1.0, 25.0, 100.0):
        density = 8000 * torch.exp(-4.1 * rate**-0.21 * diameters)
        numeric = torch.trapezoid(density, diameters).item()
        assert drops_per_m3(torch.tensor(rate), 1.0).item() == pytest.approx(numeric, rel=1e-3)
    assert drops_per_m3(torch.tensor(0.0), 1.0).item() == 0


def test_extinction_of_rain() -> None:
    # 25 mm/h take 1.076 * 25 ** 0.67 = 9.3 dB from a beam over a kilometre
    decibels = 10 * (rain_extinction_per_m(torch.tensor(25.0)) * 1000) / torch.log(torch.tensor(10.0))
    assert decibels.item() == pytest.approx(9.3, rel=0.01)


def test_streaks_are_as_long_and_as_slanted_as_drops_fall() -> None:
    drawn = Rain().sample(1, seeded(0))
    one = replace(
        drawn,
        rain_rate_mm_per_h=torch.tensor([50.0]),
        exposure_s=torch.tensor([1 / 200]),
        focal_px=torch.tensor([900.0]),
        aperture_mm=torch.tensor([0.0]),
        wind_m_per_s=torch.tensor([0.0]),
    )
    streaks = scatter_drops(one, 128, 128)
    # length / width = v T / D whatever the distance, and v grows slower than D
    ratio = streaks.length_px / streaks.width_px
    smallest = torch.tensor(SMALLEST_DROP_MM)
    longest = terminal_velocity(smallest) / 200 / (smallest * 1e-3)
    assert ratio.max().item() == pytest.approx(longest.item(), rel=0.02)
    assert streaks.angle_rad.abs().max() < 0.06
    faster = scatter_drops(replace(one, exposure_s=torch.tensor([1 / 400])), 128, 128)
    torch.testing.assert_close(faster.length_px[:50], streaks.length_px[:50] / 2, rtol=2e-2, atol=0)
    torch.testing.assert_close(faster.opacity[:50], streaks.opacity[:50] * 2, rtol=2e-2, atol=0)
    windy = scatter_drops(replace(one, wind_m_per_s=torch.tensor([5.0])), 128, 128)
    assert windy.angle_rad.median() > 0.6  # about atan(5 / 6)


def test_more_rain_means_more_and_larger_drops() -> None:
    drawn = Rain().sample(1, seeded(1))
    sizes, numbers = [], []
    for rate in (2.0, 20.0, 60.0):
        few = replace(drawn, rain_rate_mm_per_h=torch.tensor([rate]), aperture_mm=torch.tensor([0.0]))
        streaks = scatter_drops(few, 200, 200)
        numbers.append(len(streaks.x_px))
        sizes.append(streaks.width_px.mean().item())
    assert numbers == sorted(numbers)
    assert numbers[0] < numbers[-1]
    assert sizes == sorted(sizes)


def test_streaks_brighten_dark_places_and_spare_their_own_light() -> None:
    operator = Rain()
    severe = replace(operator.from_severity(torch.ones(2), seeded(2)), extent_m=torch.full((2,), 1e-3))
    split = torch.cat((torch.full((2, 3, 64, 64), 0.1), torch.full((2, 3, 64, 64), 0.7)), dim=3)
    change = operator.apply(split, severe) - split
    assert change[..., :60].mean() > 3 * change[..., 68:].mean()
    assert change[..., :60].min() > -1e-3


def test_far_surfaces_are_veiled_towards_gray() -> None:
    operator = Rain()
    image = picture(2, 64, 64)
    near = replace(operator.sample(2, seeded(3)), extent_m=torch.full((2,), 1.0))
    far = replace(near, extent_m=torch.full((2,), 1e5))
    assert operator.apply(image, far).std() < 0.5 * operator.apply(image, near).std()
