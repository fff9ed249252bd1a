"""Raindrops on glass: refraction upside down, coverage, and the common laws."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy import ndimage

from laws import (
    assert_common_laws,
    assert_gradient,
    assert_gradient_finite,
    assert_monotonic_severity,
    seeded,
)
from opir.physics.raindrop import Raindrop, RaindropParameters, draw_drops


def test_common_laws() -> None:
    assert_common_laws(Raindrop())
    assert_monotonic_severity(Raindrop(), slack=0.05)  # a new drop may hide a stronger one
    assert_gradient_finite(Raindrop())


def test_gradient_below_saturation() -> None:
    assert_gradient(Raindrop())


def glass(*, coverage: float, radius: float, softness: float, seed: int = 0) -> RaindropParameters:
    """One image with opaque colourless drops."""
    return replace(
        Raindrop().from_severity(torch.ones(1), seeded(seed)),
        coverage=torch.tensor([coverage]),
        radius_px=torch.tensor([radius]),
        softness=torch.tensor([softness]),
        opacity=torch.ones(1),
        light=torch.ones(1),
    )


def separate_drops(opacity: torch.Tensor) -> tuple[np.ndarray, np.ndarray]:
    """Areas and largest opacities of the connected wet places of a picture (height, width)."""
    numbers, count = ndimage.label(opacity.numpy() > 0.02)
    names = np.arange(1, count + 1)
    return np.bincount(numbers.flatten())[1:], np.asarray(ndimage.maximum(opacity.numpy(), numbers, names))


def test_drops_show_the_scene_upside_down() -> None:
    sky_over_ground = torch.cat((torch.full((1, 3, 120, 240), 0.9), torch.full((1, 3, 120, 240), 0.1)), dim=2)
    parameters = glass(coverage=0.4, radius=12.0, softness=0.1)
    result = Raindrop().apply(sky_over_ground, parameters)[0, 0]
    drops = draw_drops(parameters, 240, 240)
    inside = drops.opacity[0] > 0.55
    upper, lower = inside & (drops.down[0] < -0.3), inside & (drops.down[0] > 0.3)
    assert upper.sum() > 1000
    assert drops.seen_y[0][upper].mean() > drops.seen_y[0][lower].mean() + 0.5
    assert result[inside & (drops.seen_y[0] > 0.2)].mean() < 0.6 * result[inside & (drops.seen_y[0] < -0.2)].mean()


def test_few_drops_are_large_and_many_small() -> None:
    areas, _ = separate_drops(draw_drops(glass(coverage=0.05, radius=9.0, softness=0.1), 600, 640).opacity[0])
    assert len(areas) > 40
    assert areas.mean() > 1.5 * np.median(areas)
    assert areas.max() > 10 * np.median(areas)


def test_out_of_focus_small_drops_are_fainter_than_large_ones() -> None:
    areas, peaks = separate_drops(draw_drops(glass(coverage=0.05, radius=9.0, softness=1.0), 600, 640).opacity[0])
    order = areas.argsort()
    quarter = len(areas) // 4
    assert peaks[order[:quarter]].mean() < 0.6 * peaks[order[-quarter:]].mean()


def test_a_quarter_of_the_severity_is_few_drops() -> None:
    wet = [
        draw_drops(Raindrop().from_severity(torch.full((4,), severity), seeded(3)), 256, 256).opacity.mean().item()
        for severity in (0.25, 1.0)
    ]
    assert 0 < wet[0] < 0.2 * wet[1]


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
    assert 0.55 * coverage < wet < 1.0 * coverage  # drops hide each other and let some light past


def test_larger_pictures_have_larger_drops_not_more() -> None:
    parameters = replace(Raindrop().sample(1, seeded(2)), radius_px=torch.tensor([10.0]), coverage=torch.tensor([0.2]))
    small, large = draw_drops(parameters, 320, 640), draw_drops(parameters, 640, 1280)
    shrunk = torch.nn.functional.avg_pool2d(large.opacity[None], 2)[0]
    assert (shrunk - small.opacity).abs().mean() < 0.03
