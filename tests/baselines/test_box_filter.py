from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import uniform_filter

from opir.baselines.box_filter import box_mean
from opir.errors import ConfigurationError


@pytest.mark.parametrize(("height", "width", "radius"), [(9, 13, 0), (9, 13, 2), (5, 5, 4), (3, 40, 6), (1, 1, 3)])
def test_means_over_squares_cut_off_at_the_border(height: int, width: int, radius: int):
    plane = np.random.default_rng(0).uniform(-1, 2, (height, width))
    expected = np.empty_like(plane)
    for i in range(height):
        for j in range(width):
            window = plane[max(0, i - radius) : i + radius + 1, max(0, j - radius) : j + radius + 1]
            expected[i, j] = window.mean()
    np.testing.assert_allclose(box_mean(plane, radius), expected, rtol=1e-12)


def test_inside_it_is_the_usual_box_filter():
    plane = np.random.default_rng(1).uniform(0, 1, (30, 40)).astype(np.float32)
    expected = uniform_filter(plane.astype(np.float64), 7)
    np.testing.assert_allclose(box_mean(plane, 3)[3:-3, 3:-3], expected[3:-3, 3:-3], rtol=1e-10)


def test_negative_radius():
    with pytest.raises(ConfigurationError, match="0 px or more; got -1"):
        box_mean(np.zeros((4, 4)), -1)
