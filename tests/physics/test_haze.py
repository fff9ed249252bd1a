"""Haze against Koschmieder's law in closed form, and the common laws."""

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
from opir.physics.depth import generate_depth
from opir.physics.haze import (
    Haze,
    HazeSpace,
    add_haze,
    extinction_from_visibility,
    transmission,
    visibility_from_extinction,
)

SPACES: tuple[HazeSpace, ...] = ("linear", "srgb", "mixed")


@pytest.mark.parametrize("space", SPACES)
def test_common_laws(space: HazeSpace) -> None:
    assert_common_laws(Haze(space=space))
    assert_gradient_finite(Haze(space=space))


@pytest.mark.parametrize("space", SPACES)
def test_severity_is_monotonic(space: HazeSpace) -> None:
    assert_monotonic_severity(Haze(space=space, indoor_share=0.5))


def test_gradient_at_given_depth() -> None:
    image = picture(4, 5, 5, low=0.05, high=0.9).double().requires_grad_()
    parameters = replace(Haze().sample(4, seeded(6)), in_linear_light=torch.tensor([True, True, False, False]))
    depth = generate_depth(parameters.scene, image)
    assert torch.autograd.gradcheck(lambda x: add_haze(x, depth, parameters), (image,))


def test_visual_range_leaves_five_percent_contrast() -> None:
    beta = extinction_from_visibility(torch.tensor([1000.0]))
    torch.testing.assert_close(beta, torch.tensor([2.9957e-3]), rtol=1e-4, atol=0)
    tau = transmission(torch.full((1, 1, 1, 1), 1000.0), beta)
    torch.testing.assert_close(tau, torch.full((1, 1, 1, 1), 0.05), rtol=1e-5, atol=0)
    torch.testing.assert_close(visibility_from_extinction(beta), torch.tensor([1000.0]))


@pytest.mark.parametrize("space", ["linear", "srgb"])
def test_koschmieder_law_in_the_stated_space(space: HazeSpace) -> None:
    operator, image = Haze(space=space), picture(3)
    parameters = operator.sample(3, seeded(1))
    tau = transmission(generate_depth(parameters.scene, image), parameters.extinction_per_m)
    airlight = parameters.airlight[:, :, None, None]
    if space == "srgb":
        expected = image * tau + airlight * (1 - tau)
    else:
        expected = linear_to_srgb(srgb_to_linear(image) * tau + srgb_to_linear(airlight) * (1 - tau))
    torch.testing.assert_close(operator.apply(image, parameters), expected, rtol=0, atol=1e-6)


def test_infinitely_thick_haze_is_the_airlight_in_both_spaces() -> None:
    parameters = Haze(space="mixed").sample(4, seeded(2))
    thick = replace(parameters, extinction_per_m=torch.full((4,), 1e3))
    result = Haze().apply(picture(4), thick)
    torch.testing.assert_close(result, thick.airlight[:, :, None, None].expand_as(result), rtol=0, atol=1e-5)


def test_mixed_space_draws_both_out_of_doors_and_code_values_in_rooms() -> None:
    drawn = Haze().sample(128, seeded(3))
    assert 32 < drawn.indoor.sum() < 96
    outdoors = drawn.in_linear_light[~drawn.indoor].float()
    assert 0.3 < outdoors.mean() < 0.7
    assert not drawn.in_linear_light[drawn.indoor].any()


def test_rooms_span_more_than_the_haze_of_reside_indoor() -> None:
    drawn = Haze(indoor_share=1.0).sample(500, seeded(4))
    thickness = drawn.extinction_per_m * drawn.extent_m
    assert thickness.min() >= 0.6 * (1 - 1e-5)
    assert 0.5 < (thickness < 1.8).float().mean() < 0.8
    assert thickness.max() <= 2.4 * (1 + 1e-5)
    gray = drawn.airlight.std(dim=1) == 0
    assert 0.3 < gray.float().mean() < 0.7
    assert drawn.airlight[gray].min() >= 0.7


def test_optical_depth_grows_evenly_up_to_the_visual_range() -> None:
    severity = torch.tensor([0.25, 0.5, 0.75, 1.0])
    drawn = Haze().from_severity(severity, seeded(5))
    depth = drawn.extinction_per_m * drawn.extent_m
    torch.testing.assert_close(depth, severity * depth[3], rtol=1e-5, atol=0)
    torch.testing.assert_close(visibility_from_extinction(drawn.extinction_per_m)[3], drawn.extent_m[3])
