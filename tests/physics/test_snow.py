"""Snow: flake physics in closed form, what flakes do to a picture, the common laws."""

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
from opir.physics.colour import linear_to_srgb, srgb_to_linear
from opir.physics.flakes import (
    flake_diameter_mm,
    flake_speed,
    flakes_per_m3,
    melted_slope_per_mm,
    snow_extinction_per_m,
)
from opir.physics.snow import Snow, scatter_flakes
from opir.physics.streaks import render_streaks


def test_common_laws() -> None:
    assert_common_laws(Snow())
    assert_monotonic_severity(Snow())
    assert_gradient_finite(Snow())


def test_number_of_flakes_is_the_integral_of_their_distribution() -> None:
    diameters = torch.linspace(0.4, 40, 200_000, dtype=torch.float64)
    density = 2500 * 2.0**-0.94 * torch.exp(-2.29 * 2.0**-0.45 * diameters)
    expected = torch.trapezoid(density, diameters).item()
    assert flakes_per_m3(torch.tensor(2.0), 0.4).item() == pytest.approx(expected, rel=1e-3)
    assert flakes_per_m3(torch.tensor(0.0), 0.4).item() == 0
    assert melted_slope_per_mm(torch.tensor(1.0)).item() == pytest.approx(2.29)


def test_flakes_are_larger_and_slower_than_the_drops_they_melt_to() -> None:
    melted = torch.tensor([0.4, 1.0, 2.0])
    torch.testing.assert_close(flake_diameter_mm(melted), torch.tensor([0.6136, 2.4254, 6.8599]), rtol=1e-3, atol=0)
    speed = flake_speed(flake_diameter_mm(melted))
    assert (speed > 0.7).all()
    assert (speed < 1.2).all()


def test_extinction_of_snow() -> None:
    # 5 mm/h of wet snow take 3.84 * 5 ** 0.72 = 12.2 dB from a beam over a kilometre
    optical_depth = 1000 * snow_extinction_per_m(torch.tensor(5.0))
    assert (10 * optical_depth / torch.log(torch.tensor(10.0))).item() == pytest.approx(12.2, rel=0.01)


def test_law_of_covering_flakes_without_veil() -> None:
    operator, image = Snow(), picture(2)
    parameters = replace(operator.from_severity(torch.ones(2), seeded(0)), extent_m=torch.full((2,), 1e-4))
    cover = render_streaks(scatter_flakes(parameters, 40, 56), 2, 40, 56).clamp(max=1)
    light = srgb_to_linear(parameters.flake_light)[:, :, None, None]
    expected = linear_to_srgb(srgb_to_linear(image) * (1 - cover) + light * cover)
    assert cover.amax() == 1
    torch.testing.assert_close(operator.apply(image, parameters), expected, rtol=0, atol=1e-3)


def test_defocus_spreads_flakes_without_adding_to_them() -> None:
    drawn = Snow().sample(1, seeded(1))
    sharp = replace(drawn, aperture_mm=torch.zeros(1), snow_rate_mm_per_h=torch.ones(1))
    blurred = replace(sharp, aperture_mm=torch.full((1,), 10.0), focus_m=torch.full((1,), 50.0))
    one, other = scatter_flakes(sharp, 200, 200), scatter_flakes(blurred, 200, 200)
    assert (other.width_px.mean() > 1.5 * one.width_px.mean()).item()
    assert (other.opacity.mean() < 0.5 * one.opacity.mean()).item()


def test_crowding_is_more_and_smaller_flakes() -> None:
    drawn = replace(Snow().sample(1, seeded(2)), snow_rate_mm_per_h=torch.ones(1), aperture_mm=torch.zeros(1))
    drawn = replace(drawn, focal_px=torch.full((1,), 400.0), exposure_s=torch.full((1,), 1 / 1000))
    few, many = (scatter_flakes(replace(drawn, crowding=torch.tensor([c])), 200, 200) for c in (1.0, 3.0))
    assert len(many.x_px) > 2 * len(few.x_px)
    assert many.width_px.mean() < 0.9 * few.width_px.mean()


def test_flakes_and_veil_rise_with_every_quarter_of_severity() -> None:
    covers, depths = [], []
    for severity in (0.25, 0.5, 0.75, 1.0):
        parameters = Snow().from_severity(torch.full((6,), severity), seeded(3))
        drawn = render_streaks(scatter_flakes(parameters, 120, 160), 6, 120, 160).clamp(max=1)
        covers.append(drawn.mean(dim=(1, 2, 3)))
        rate = parameters.snow_rate_mm_per_h / parameters.crowding
        depths.append(parameters.crowding * snow_extinction_per_m(rate) * parameters.extent_m)
    for quantity in (torch.stack(covers), torch.stack(depths)):
        assert (quantity[1:] > quantity[:-1]).all()
        assert (quantity.mean(dim=1)[1:] > 1.2 * quantity.mean(dim=1)[:-1]).all()
        assert (quantity[3] > 4 * quantity[0]).all()


def test_a_larger_picture_shows_the_same_snow_finer() -> None:
    parameters = Snow().from_severity(torch.tensor([0.8]), seeded(4))
    small, large = (scatter_flakes(parameters, height, 2 * height) for height in (320, 640))
    assert len(large.x_px) < 1.5 * len(small.x_px)
    covers = [
        render_streaks(flakes, 1, height, 2 * height).clamp(max=1).mean().item()
        for flakes, height in ((small, 320), (large, 640))
    ]
    assert covers[1] == pytest.approx(covers[0], rel=0.3)
