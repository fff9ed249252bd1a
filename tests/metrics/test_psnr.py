from __future__ import annotations

import math

import numpy as np
import pytest
from skimage.metrics import peak_signal_noise_ratio

from opir.errors import ConfigurationError, ShapeError
from opir.metrics import psnr


def test_agrees_with_scikit_image():
    generator = np.random.default_rng(0)
    one, two = generator.integers(0, 256, (2, 20, 30, 3), dtype=np.uint8)
    assert psnr(one, two, data_range=255) == pytest.approx(peak_signal_noise_ratio(two, one, data_range=255))
    assert psnr(one / 255, two / 255, data_range=1) == pytest.approx(psnr(one, two, data_range=255))


def test_closed_form_and_limits():
    zero = np.zeros((4, 4), np.uint8)
    assert psnr(zero + 255, zero, data_range=255) == 0
    assert psnr(zero, zero, data_range=255) == math.inf
    assert math.isnan(psnr(np.full((2, 2), np.nan), np.zeros((2, 2)), data_range=1))


@pytest.mark.parametrize("shape", [(4, 5), (4, 4, 1), (0, 4)])
def test_shapes_must_agree(shape):
    with pytest.raises(ShapeError, match="equal size"):
        psnr(np.zeros(shape), np.zeros((4, 4) if shape[0] else shape), data_range=1)


def test_the_range_must_be_positive():
    with pytest.raises(ConfigurationError, match="data_range"):
        psnr(np.zeros((4, 4)), np.ones((4, 4)), data_range=0)
