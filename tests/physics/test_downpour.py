"""A downpour is as dense, as long, as leaning and as bright as its parameters say."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from laws import assert_common_laws, assert_gradient, assert_monotonic_severity, seeded
from opir.physics.downpour import Downpour, DownpourParameters, curtain

SIDE = 256


def parameters(n: int = 4) -> DownpourParameters:
    """An even curtain without a veil; only the first layer has drops."""
    coverage = torch.zeros(n, 3)
    coverage[:, 0] = 0.2
    return DownpourParameters(
        coverage=coverage,
        length_px=torch.full((n, 3), 16.0),
        width_px=torch.full((n, 3), 0.8),
        angle_rad=torch.zeros(n, 3),
        opacity=torch.full((n,), 0.3),
        veil=torch.zeros(n),
        light=torch.full((n,), 0.9),
        unevenness=torch.zeros(n),
        seed=torch.arange(n),
    )


def correlation(field: torch.Tensor, rows: int, columns: int) -> float:
    """Of (B, 1, H, W) with itself that many pixels away."""
    centred = field - field.mean(dim=(2, 3), keepdim=True)
    moved = centred.roll((rows, columns), dims=(2, 3))
    return float((centred * moved).mean() / centred.square().mean())


def test_common_laws() -> None:
    assert_common_laws(Downpour())
    assert_monotonic_severity(Downpour())
    assert_gradient(Downpour(), severity=0.3)


@pytest.mark.parametrize("coverage", [0.05, 0.2, 0.4])
def test_the_mean_opacity_is_that_of_the_streaks_side_by_side(coverage: float) -> None:
    layer = torch.tensor([coverage, 0.0, 0.0]).expand(8, 3)
    field = curtain(replace(parameters(8), coverage=layer), SIDE, SIDE)
    assert field.mean().item() == pytest.approx(0.3 * 0.65 * coverage, rel=0.15)  # drops are 0.3 to 1 strong


def test_streaks_fall_along_their_direction() -> None:
    upright = curtain(parameters(), SIDE, SIDE)
    assert correlation(upright, 6, 0) > 0.5
    assert abs(correlation(upright, 0, 6)) < 0.1
    leaning = curtain(replace(parameters(), angle_rad=torch.full((4, 3), math.pi / 4)), SIDE, SIDE)
    assert correlation(leaning, 4, 4) > 0.5
    assert abs(correlation(leaning, 4, -4)) < 0.1


def test_longer_and_wider_streaks_reach_farther() -> None:
    longer = curtain(replace(parameters(), length_px=torch.full((4, 3), 40.0)), SIDE, SIDE)
    assert correlation(longer, 14, 0) > correlation(curtain(parameters(), SIDE, SIDE), 14, 0) + 0.3
    wider = curtain(replace(parameters(), width_px=torch.full((4, 3), 1.3)), SIDE, SIDE)
    assert correlation(wider, 0, 2) > correlation(curtain(parameters(), SIDE, SIDE), 0, 2) + 0.2


def test_it_is_unseen_in_front_of_what_is_as_bright() -> None:
    sky, ground = torch.full((4, 3, SIDE, SIDE), 0.9), torch.full((4, 3, SIDE, SIDE), 0.1)
    rain = Downpour()
    torch.testing.assert_close(rain.apply(sky, parameters()), sky)
    brighter = rain.apply(ground, parameters()) - ground
    torch.testing.assert_close(brighter, (0.8 * curtain(parameters(), SIDE, SIDE)).expand_as(brighter))


def test_a_veil_alone_is_even_and_an_uneven_curtain_is_not() -> None:
    veiled = replace(parameters(), coverage=torch.zeros(4, 3), veil=torch.full((4,), 0.2))
    torch.testing.assert_close(curtain(veiled, 64, 64), torch.full((4, 1, 64, 64), 0.2))
    uneven = curtain(replace(veiled, unevenness=torch.full((4,), 0.9)), 64, 64)
    assert uneven.amax() <= 0.2 + 1e-6
    assert uneven.amin() < 0.1
    assert uneven.std() > 0.01


def test_something_always_shows_through() -> None:
    hidden = replace(parameters(), veil=torch.full((4,), 0.9), opacity=torch.full((4,), 1.0))
    assert curtain(hidden, 64, 64).amax().item() == pytest.approx(0.95)


def test_a_larger_picture_shows_the_same_rain_finer() -> None:
    small, large = curtain(parameters(), 320, 320), curtain(parameters(), 1280, 1280)
    assert correlation(large, 12, 0) == pytest.approx(correlation(small, 6, 0), abs=0.1)


def test_drawn_rain_shows() -> None:
    image = torch.full((64, 3, 64, 64), 0.3)
    rainy = Downpour().apply(image, Downpour().sample(64, seeded(2)))
    spread = 255 * rainy.mean(dim=1).flatten(1).std(dim=1)
    assert spread.median() > 2
    assert spread.min() > 0.1
