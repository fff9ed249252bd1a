"""Gaussian blur: the impulse response in linear light, and the common laws."""

from __future__ import annotations

import math

import pytest
import torch

from laws import (
    assert_batch_equals_loop,
    assert_gradient,
    assert_identity_limit,
    assert_input_untouched,
    assert_monotonic_severity,
    assert_range,
    assert_seed_determinism,
)
from opir.physics.colour import srgb_to_linear
from opir.physics.gaussian_blur import GaussianBlur, GaussianBlurParameters


def test_common_laws() -> None:
    operator = GaussianBlur()
    assert_identity_limit(operator)
    assert_range(operator)
    assert_input_untouched(operator)
    assert_seed_determinism(operator)
    # the transform is as long as the largest kernel of the batch needs: rounding differs by a few 1e-6 in shadows
    assert_batch_equals_loop(operator, tolerance=1e-5)
    assert_monotonic_severity(GaussianBlur())
    assert_gradient(GaussianBlur())


def test_impulse_response_in_linear_light() -> None:
    image = torch.zeros(1, 3, 41, 41)
    image[..., 20, 20] = 1
    blurred = srgb_to_linear(
        GaussianBlur().apply(image, GaussianBlurParameters(sigma_px=torch.tensor([2.0]), headroom_stops=torch.zeros(1)))
    )
    assert blurred[0].sum(dim=(1, 2)).tolist() == pytest.approx([1.0] * 3, rel=1e-3)
    peak = blurred[0, 0, 20, 20].item()
    assert peak == pytest.approx(1 / (2 * math.pi * 4), rel=0.01)
    assert blurred[0, 0, 20, 23].item() / peak == pytest.approx(math.exp(-9 / 8), rel=1e-3)
