"""Defocus: shape of the aperture, energy, and the common laws."""

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
    seeded,
)
from opir.physics.defocus_blur import DefocusBlur, DefocusBlurParameters, aperture_kernels


def aperture(radius: float, *, blades: int = 6, roundness: float = 1.0, rotation: float = 0.0) -> DefocusBlurParameters:
    return DefocusBlurParameters(
        radius_px=torch.tensor([radius]),
        n_blades=torch.tensor([blades]),
        roundness=torch.tensor([roundness]),
        rotation_rad=torch.tensor([rotation]),
        headroom_stops=torch.zeros(1),
    )


def test_common_laws() -> None:
    operator = DefocusBlur()
    assert_identity_limit(operator)
    assert_range(operator)
    assert_input_untouched(operator)
    assert_seed_determinism(operator)
    # the transform is as long as the largest kernel of the batch needs: rounding differs by a few 1e-6 in shadows
    assert_batch_equals_loop(operator, tolerance=1e-5)
    assert_monotonic_severity(DefocusBlur())
    assert_gradient(DefocusBlur(), severity=0.2)


def test_a_round_aperture_is_a_uniform_disk() -> None:
    kernel = aperture_kernels(aperture(9.0))[0]
    assert kernel.sum().item() == pytest.approx(1)
    assert kernel.max().item() == pytest.approx(1 / (math.pi * 81), rel=0.01)
    torch.testing.assert_close(kernel, kernel.flip(0))
    torch.testing.assert_close(kernel, kernel.T)


@pytest.mark.parametrize("blades", [3, 5, 6, 8])
def test_a_polygonal_aperture_has_the_area_of_the_polygon(blades: int) -> None:
    kernel = aperture_kernels(aperture(10.0, blades=blades, roundness=0.0, rotation=0.3))[0]
    area = 0.5 * blades * 100 * math.sin(2 * math.pi / blades)
    assert (1 / kernel.max()).item() == pytest.approx(area, rel=0.02)
    turned = aperture_kernels(aperture(10.0, blades=blades, roundness=0.0, rotation=0.3 + 2 * math.pi / blades))[0]
    torch.testing.assert_close(kernel, turned, rtol=0, atol=1e-5)
    assert not torch.allclose(kernel, aperture_kernels(aperture(10.0, blades=blades, roundness=0.0))[0], atol=1e-3)


def test_sampled_apertures_span_sharp_to_severe() -> None:
    drawn = DefocusBlur().sample(300, seeded(0))
    assert drawn.radius_px.min() < 1
    assert drawn.radius_px.max() > 11
    assert set(drawn.n_blades.tolist()) == {5, 6, 7, 8, 9}
