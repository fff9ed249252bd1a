"""The space behind a pixel, in closed form and by counting."""

from __future__ import annotations

import pytest
import torch

from laws import seeded
from opir.physics.view_volume import distance_in_volume, focal_length_px, picture_scale, volume_per_pixel


def test_volume_of_all_pixels_is_that_of_the_pyramid() -> None:
    focal = torch.tensor([500.0])
    per_pixel = volume_per_pixel(focal, 0.0, torch.tensor([3.0]))
    base = (640 * 3.0 / 500) * (480 * 3.0 / 500)
    assert (per_pixel * 640 * 480).item() == pytest.approx(base * 3.0 / 3)


def test_distances_are_uniform_in_space() -> None:
    fraction = torch.rand(100_000, generator=seeded(0))
    distance = distance_in_volume(fraction, 1.0, torch.tensor(4.0))
    assert distance.min() >= 1
    assert distance.max() <= 4
    for limit in (2.0, 3.0):
        share = (distance < limit).float().mean().item()
        assert share == pytest.approx((limit**3 - 1) / 63, abs=0.01)


def test_crops_are_parts_and_photographs_are_finer() -> None:
    assert picture_scale(128, 128) == picture_scale(480, 640) == 1
    assert picture_scale(3000, 4000) == 6.25
    assert focal_length_px(torch.tensor([800.0]), 1280, 960).item() == 1600
