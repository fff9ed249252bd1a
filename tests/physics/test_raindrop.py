"""Raindrops on glass: refraction upside down, coverage, and the common laws."""

from __future__ import annotations

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
from opir.physics.raindrop import Raindrop, draw_drops


def test_common_laws() -> None:
    assert_common_laws(Raindrop())
    assert_monotonic_severity(Raindrop(), slack=0.05)  # a new drop may hide a stronger one
    assert_gradient_finite(Raindrop())


def test_gradient_below_saturation() -> None:
    assert_gradient(Raindrop())


def test_drops_show_the_scene_upside_down() -> None:
    sky_over_ground = torch.cat((torch.full((1, 3, 60, 120), 0.9), torch.full((1, 3, 60, 120), 0.1)), dim=2)
    parameters = replace(
        Raindrop().from_severity(torch.ones(1), seeded(0)),
        softness=torch.tensor([0.1]),
        opacity=torch.ones(1),
        light=torch.ones(1),
        radius_px=torch.tensor([12.0]),
    )
    result = Raindrop().apply(sky_over_ground, parameters)
    drops = draw_drops(parameters, 120, 120)
    inside = drops.opacity[0] > 0.95
    upper, lower = inside & (drops.down[0] < -0.3), inside & (drops.down[0] > 0.3)
    assert upper.sum() > 100
    assert result[0, 0][upper].mean() < 0.5 * result[0, 0][lower].mean()


@pytest.mark.parametrize("coverage", [0.05, 0.2])
def test_coverage_is_the_share_of_wet_glass(coverage: float) -> None:
    drawn = Raindrop().sample(1, seeded(1))
    parameters = replace(
        drawn,
        coverage=torch.tensor([coverage]),
        radius_px=torch.tensor([5.0]),
        softness=torch.tensor([0.1]),
        opacity=torch.ones(1),
    )
    wet = draw_drops(parameters, 500, 500).opacity.mean().item()
    assert 0.75 * coverage < wet < 1.1 * coverage  # drops hide each other a little


def test_larger_pictures_have_larger_drops_not_more() -> None:
    parameters = replace(Raindrop().sample(1, seeded(2)), radius_px=torch.tensor([10.0]), coverage=torch.tensor([0.2]))
    small, large = draw_drops(parameters, 320, 640), draw_drops(parameters, 640, 1280)
    shrunk = torch.nn.functional.avg_pool2d(large.opacity[None], 2)[0]
    assert (shrunk - small.opacity).abs().mean() < 0.03
