from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.spatial.distance import cityblock

from opir.errors import ConfigurationError, ShapeError
from opir.metrics import mean_absolute_error


def test_agrees_with_scipy_in_grey_levels():
    one, two = np.random.default_rng(0).integers(0, 256, (2, 3, 6, 7), dtype=np.uint8)
    expected = cityblock(one.ravel().astype(int), two.ravel().astype(int)) / one.size
    assert mean_absolute_error(one, two, data_range=255) == pytest.approx(expected)
    assert mean_absolute_error(one / 255, two / 255, data_range=1) == pytest.approx(expected)


def test_limits():
    zero = np.zeros((3, 4), np.uint8)
    assert mean_absolute_error(zero + 255, zero, data_range=255) == 255
    assert mean_absolute_error(zero, zero, data_range=255) == 0
    assert math.isnan(mean_absolute_error(np.full((2, 2), np.nan), np.zeros((2, 2)), data_range=1))


def test_refusals():
    with pytest.raises(ShapeError, match="equal size"):
        mean_absolute_error(np.zeros((3, 4)), np.zeros((4, 3)), data_range=1)
    with pytest.raises(ConfigurationError, match="data_range"):
        mean_absolute_error(np.zeros((3, 4)), np.zeros((3, 4)), data_range=0)
