"""Rain laid over code values, as in the published synthetic sets."""

from __future__ import annotations

from dataclasses import replace

import torch

from laws import assert_common_laws, assert_gradient, assert_monotonic_severity, picture, seeded
from opir.physics.rain_overlay import RainOverlay, scatter_overlay
from opir.physics.streaks import render_streaks


def test_common_laws() -> None:
    assert_common_laws(RainOverlay())
    assert_monotonic_severity(RainOverlay())
    assert_gradient(RainOverlay())


def test_addition_and_screen_in_code_values() -> None:
    operator, image = RainOverlay(), picture(2, high=0.8)
    drawn = operator.from_severity(torch.full((2,), 0.6), seeded(0))
    mixed = replace(drawn, screen=torch.tensor([False, True]))
    rain = render_streaks(scatter_overlay(mixed, 40, 56), 2, 40, 56).clamp(max=1)
    result = operator.apply(image, mixed)
    torch.testing.assert_close(result[0], (image[0] + rain[0]).clamp(max=1))
    torch.testing.assert_close(result[1], 1 - (1 - image[1]) * (1 - rain[1]))
    assert rain.amax() > 0.3


def test_coverage_is_the_stated_share_of_the_picture() -> None:
    drawn = RainOverlay().from_severity(torch.full((1,), 0.5), seeded(1))
    streaks = scatter_overlay(drawn, 400, 400)
    opaque = replace(streaks, opacity=torch.ones_like(streaks.opacity))
    per_layer = render_streaks(opaque, 1, 400, 400).mean() / (torch.pi / 4 * 0.85)
    assert abs(per_layer - drawn.coverage.sum()) < 0.15 * drawn.coverage.sum()


def test_samples_span_sparse_to_dense_and_one_to_three_directions() -> None:
    drawn = RainOverlay().sample(400, seeded(2))
    total = drawn.coverage.sum(dim=1)
    assert total.min() < 0.03
    assert total.max() > 0.6
    layers = (drawn.coverage > 0).sum(dim=1)
    assert set(layers.tolist()) == {1, 2, 3}
    assert 120 < drawn.screen.sum() < 280
    assert (drawn.width_px <= drawn.length_px / 4).all()
