from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.ndimage import correlate
from skimage.metrics import structural_similarity

from opir.errors import ConfigurationError, ShapeError
from opir.metrics import ssim

OPTIONS = {
    "uniform7": {},
    "gaussian11": {"gaussian_weights": True, "use_sample_covariance": False},
    "gaussian11_sample": {"gaussian_weights": True},
}


def _pictures() -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(1)
    clean = np.kron(generator.random((3, 5, 6)), np.ones((1, 6, 7)))
    return np.clip(clean + 0.1 * generator.standard_normal(clean.shape), 0, 1), clean


@pytest.mark.parametrize("window", OPTIONS)
def test_agrees_with_scikit_image(window):
    noisy, clean = _pictures()
    expected = structural_similarity(clean, noisy, channel_axis=0, data_range=1, **OPTIONS[window])
    assert ssim(noisy, clean, data_range=1, window=window) == pytest.approx(expected, abs=1e-10)
    codes, reference = np.rint(255 * noisy).astype(np.uint8), np.rint(255 * clean).astype(np.uint8)
    expected = structural_similarity(reference, codes, channel_axis=0, data_range=255, **OPTIONS[window])
    assert ssim(codes, reference, data_range=255, window=window) == pytest.approx(expected, abs=1e-10)


def test_the_windows_give_different_scores():
    noisy, clean = _pictures()
    values = {ssim(noisy, clean, data_range=1, window=window) for window in OPTIONS}
    assert len({round(value, 6) for value in values}) == 3


def test_the_gaussian_agrees_with_the_published_equation_pixel_by_pixel():
    noisy, clean = (255 * image[0] for image in _pictures())
    axis = np.arange(-5, 6)
    kernel = np.exp(-(axis[:, None] ** 2 + axis**2) / (2 * 1.5**2))
    kernel /= kernel.sum()
    inner = (slice(5, -5), slice(5, -5))
    m1, m2 = correlate(noisy, kernel)[inner], correlate(clean, kernel)[inner]
    s1 = correlate(noisy**2, kernel)[inner] - m1**2
    s2 = correlate(clean**2, kernel)[inner] - m2**2
    s12 = correlate(noisy * clean, kernel)[inner] - m1 * m2
    c1, c2 = 6.5025, 58.5225
    expected = ((2 * m1 * m2 + c1) * (2 * s12 + c2) / ((m1**2 + m2**2 + c1) * (s1 + s2 + c2))).mean()
    assert ssim(noisy, clean, data_range=255, window="gaussian11") == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize("window", OPTIONS)
def test_closed_forms(window):
    """Flat pictures: (2 a b + c1) / (a^2 + b^2 + c1); equal pictures: 1."""
    flat, darker = np.full((1, 12, 13), 0.6), np.full((1, 12, 13), 0.2)
    expected = (2 * 0.6 * 0.2 + 1e-4) / (0.36 + 0.04 + 1e-4)
    assert ssim(flat, darker, data_range=1, window=window) == pytest.approx(expected, abs=1e-9)
    noisy, _ = _pictures()
    assert ssim(noisy, noisy, data_range=1, window=window) == pytest.approx(1)
    assert math.isnan(ssim(np.full((11, 11), np.nan), np.zeros((11, 11)), data_range=1, window=window))


def test_a_picture_of_the_windows_size_has_one_position():
    generator = np.random.default_rng(2)
    one, two = generator.random((2, 7, 7))
    covariance = np.cov(one.ravel(), two.ravel())
    luminance = (2 * one.mean() * two.mean() + 1e-4) / (one.mean() ** 2 + two.mean() ** 2 + 1e-4)
    structure = (2 * covariance[0, 1] + 9e-4) / (covariance[0, 0] + covariance[1, 1] + 9e-4)
    assert ssim(one, two, data_range=1, window="uniform7") == pytest.approx(luminance * structure)


def test_refusals():
    with pytest.raises(ShapeError, match="at least 11 x 11"):
        ssim(np.zeros((3, 10, 20)), np.zeros((3, 10, 20)), data_range=1, window="gaussian11")
    with pytest.raises(ShapeError, match="equal size"):
        ssim(np.zeros((3, 20, 20)), np.zeros((20, 20)), data_range=1, window="gaussian11")
    with pytest.raises(ConfigurationError, match="window must be one of uniform7"):
        ssim(np.zeros((20, 20)), np.zeros((20, 20)), data_range=1, window="box")
    with pytest.raises(ConfigurationError, match="data_range"):
        ssim(np.zeros((20, 20)), np.zeros((20, 20)), data_range=0, window="uniform7")
