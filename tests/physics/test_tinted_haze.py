"""Haze in coloured light: the law of haze, then one light for all."""

from __future__ import annotations

from dataclasses import replace

import torch

from laws import assert_common_laws, assert_gradient_finite, assert_monotonic_severity, picture, seeded
from opir.physics.colour import srgb_to_linear
from opir.physics.haze import Haze
from opir.physics.tinted_haze import TintedHaze


def test_common_laws() -> None:
    assert_common_laws(TintedHaze())
    assert_gradient_finite(TintedHaze())
    assert_monotonic_severity(TintedHaze())


def test_light_scales_veil_and_scene_alike() -> None:
    operator, image = TintedHaze(), picture(3)
    drawn = operator.sample(3, seeded(1))
    light = torch.tensor([[1.0, 0.8, 0.4], [0.5, 0.5, 0.5], [0.6, 0.8, 1.0]])
    tinted = operator.apply(image, replace(drawn, light=light))
    plain = operator.apply(image, replace(drawn, light=torch.ones(3, 3)))
    assert torch.equal(plain, Haze(space="linear", indoor_share=0).apply(image, drawn))
    expected = srgb_to_linear(plain) * light[:, :, None, None]
    torch.testing.assert_close(srgb_to_linear(tinted), expected, rtol=1e-4, atol=1e-5)


def test_most_lights_are_warm_and_none_is_brighter_than_the_day() -> None:
    light = TintedHaze().sample(400, seeded(2)).light
    assert light.min() > 0.1
    assert light.max() <= 1
    red, green, blue = light.unbind(dim=1)
    warm = red > blue
    assert 0.65 < warm.float().mean() < 0.85
    assert ((green >= blue) & (green <= 1.04 * red))[warm].all()
    assert ((green >= red) & (green <= blue))[~warm].all()
    assert 0.3 < light.amax(dim=1).min() < 0.35
    assert not TintedHaze().sample(50, seeded(3)).indoor.any()
