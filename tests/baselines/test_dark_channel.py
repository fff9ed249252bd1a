from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import minimum_filter

from opir.baselines.dark_channel import air_light, dark_channel, remove_haze

AIR = np.array([0.8, 0.85, 0.9])


def test_the_dark_channel_by_hand():
    image = np.full((3, 4, 5), 0.9)
    image[1, 0, 0] = 0.2  # reaches one pixel far in a patch of 3
    image[2, 3, 4] = 0.5
    dark = dark_channel(image, patch=3)
    expected = np.full((4, 5), 0.9)
    expected[:2, :2] = 0.2
    expected[2:, 3:] = 0.5
    np.testing.assert_array_equal(dark, expected)


def test_the_dark_channel_of_any_picture():
    image = np.random.default_rng(0).uniform(0, 1, (3, 20, 31))
    expected = minimum_filter(image.min(axis=0), 15, mode="constant", cval=np.inf)
    np.testing.assert_array_equal(dark_channel(image), expected)


def test_the_air_light_is_the_brightest_of_the_haziest():
    image = np.full((3, 50, 60), 0.3)
    dark = np.full((50, 60), 0.1)
    dark[10, 10:13] = 0.7  # the 0.1 % of 3000 pixels
    image[:, 10, 11] = AIR
    image[:, 40, 40] = 1.0  # bright, but not hazy
    np.testing.assert_allclose(air_light(image, dark), AIR)


@pytest.fixture
def hazy(scene: np.ndarray) -> np.ndarray:
    """Transmission 0.5 below a band of sky, as far as light goes."""
    transmission = np.where(np.arange(72) < 24, 0.0, 0.5)[:, None]
    return (scene * transmission + AIR[:, None, None] * (1 - transmission)).astype(np.float32)


def test_haze_is_removed_where_it_was(scene: np.ndarray, hazy: np.ndarray):
    result = np.clip(remove_haze(hazy), 0, 1)
    land = np.s_[:, 36:, :]
    assert result[land].std() > 1.5 * hazy[land].std()
    assert np.mean((result[land] - scene[land]) ** 2) < np.mean((hazy[land] - scene[land]) ** 2) / 2


def test_a_black_picture_stays_black():
    assert np.abs(remove_haze(np.zeros((3, 20, 20), np.float32))).max() == 0
