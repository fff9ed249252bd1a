from __future__ import annotations

import numpy as np
import pytest

from opir.baselines.denoising import noise_level
from opir.baselines.smoothing import smooth_bilaterally, take_median


@pytest.mark.parametrize("sigma", [5, 15, 40])
def test_the_noise_is_estimated_from_the_picture(scene: np.ndarray, sigma: float):
    noise = sigma / 255 * np.random.default_rng(3).standard_normal(scene.shape)
    estimate = 255 * noise_level((scene + noise).astype(np.float32))
    assert estimate == pytest.approx(sigma, rel=0.15, abs=1)


def test_a_flat_picture_has_no_noise():
    assert noise_level(np.full((3, 20, 20), 0.4, np.float32)) == 0


def test_the_median_takes_thin_streaks_away(scene: np.ndarray):
    rainy = scene.copy()
    rainy[:, :, 4::9] = 1.0
    result = take_median(rainy)
    assert np.mean((result - scene) ** 2) < np.mean((rainy - scene) ** 2) / 3


def test_the_range_of_the_bilateral_filter_follows_the_noise():
    """A step of 0.3 is an edge beside weak noise; between 0.05 and 0.3 the measured noise decides."""
    step = np.where(np.arange(48) < 24, 0.35, 0.65)[None, None].repeat(48, axis=1).repeat(3, axis=0)
    noise = np.random.default_rng(4).standard_normal(step.shape)
    spread = {}
    for sigma in (0.02, 0.2):
        result = smooth_bilaterally((step + sigma * noise).astype(np.float32))
        spread[sigma] = np.std((result - step)[:, :, :20]) / sigma
        assert np.mean((result - step) ** 2) < np.mean((sigma * noise) ** 2) / 2
    assert spread[0.2] == pytest.approx(spread[0.02], rel=0.5)
