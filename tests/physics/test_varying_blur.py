"""Blur that differs from place to place: masks, kernels, its uniform limit, the common laws."""

from __future__ import annotations

from dataclasses import replace

import torch

from laws import (
    assert_batch_equals_loop,
    assert_gradient,
    assert_identity_limit,
    assert_input_untouched,
    assert_monotonic_severity,
    assert_range,
    assert_seed_determinism,
    picture,
    seeded,
)
from opir.physics.psf import blur_in_linear_light
from opir.physics.varying_blur import VaryingBlur, region_kernels, region_masks


def test_common_laws() -> None:
    operator = VaryingBlur()
    assert_identity_limit(operator)
    assert_range(operator)
    assert_input_untouched(operator)
    assert_seed_determinism(operator)
    # the transform is as long as the largest kernel of the batch needs: rounding differs by a few 1e-6 in shadows
    assert_batch_equals_loop(operator, tolerance=1e-5)
    assert_monotonic_severity(VaryingBlur())
    assert_gradient(VaryingBlur(), severity=0.2)


def test_masks_share_every_pixel_and_every_region_has_its_place() -> None:
    masks = region_masks(VaryingBlur().sample(12, seeded(0)), 60, 80)
    torch.testing.assert_close(masks.sum(dim=1), torch.ones(12, 60, 80))
    assert (masks >= 0).all()
    assert ((masks > 0.5).float().mean(dim=(2, 3)) > 0.02).float().mean() > 0.8


def test_without_variety_the_blur_is_the_same_everywhere() -> None:
    operator, image = VaryingBlur(), picture(2)
    uniform = replace(operator.sample(2, seeded(1)), variety=torch.zeros(2))
    kernels = region_kernels(uniform)
    torch.testing.assert_close(kernels[:, 0], kernels[:, 2])
    expected = blur_in_linear_light(image, kernels[:, 0], uniform.headroom_stops)
    torch.testing.assert_close(operator.apply(image, uniform), expected, rtol=0, atol=2e-5)


def test_with_variety_regions_differ() -> None:
    kernels = region_kernels(replace(VaryingBlur().sample(6, seeded(2)), variety=torch.ones(6)))
    torch.testing.assert_close(kernels.sum(dim=(2, 3)), torch.ones(6, 3))
    assert ((kernels[:, 0] - kernels[:, 1]).abs().sum(dim=(1, 2)) > 0.5).all()
