from __future__ import annotations

import numpy as np
import pytest

from opir.baselines.low_light import brighten_by_power, divide_by_illumination, equalise_locally
from opir.baselines.luminance import luminance


@pytest.fixture
def dark(scene: np.ndarray) -> np.ndarray:
    return scene * np.float32(0.1)


def test_a_power_takes_grey_to_the_middle():
    grey = np.full((3, 16, 16), 0.1, np.float32)
    np.testing.assert_allclose(brighten_by_power(grey), 0.5, atol=1e-6)
    bright = np.full((3, 16, 16), 0.8, np.float32)
    np.testing.assert_allclose(brighten_by_power(bright), bright, rtol=1e-6)
    for level in (0.0, 1.0):
        flat = np.full((3, 16, 16), level, np.float32)
        np.testing.assert_array_equal(brighten_by_power(flat), flat)


def test_an_even_illumination_is_divided_out():
    """L = R T with T = 0.25 everywhere and a white R: L / T ** 0.8 = T ** 0.2."""
    image = np.full((3, 50, 60), 0.25, np.float32)
    image[0] = 0.1
    result = divide_by_illumination(image)
    np.testing.assert_allclose(result[1], 0.25**0.2, rtol=1e-5)
    np.testing.assert_allclose(result[0] / result[1], 0.4, rtol=1e-5)  # the colour stays


@pytest.mark.parametrize("method", [brighten_by_power, divide_by_illumination])
def test_dark_pictures_become_like_the_bright_ones(method, scene: np.ndarray, dark: np.ndarray):
    result = np.clip(method(dark), 0, 1)
    assert np.mean((result - scene) ** 2) < np.mean((dark - scene) ** 2) / 4


def test_local_equalisation_spreads_the_values(dark: np.ndarray):
    result = equalise_locally(dark)
    assert luminance(result).std() > 5 * luminance(dark).std()
    assert result.max() <= 1


def test_luminance_weights():
    image = np.zeros((3, 1, 3))
    image[range(3), 0, range(3)] = 1
    np.testing.assert_allclose(luminance(image), [[0.299, 0.587, 0.114]])
