from __future__ import annotations

import numpy as np
import pytest

from opir.baselines.guided_filter import guided_filter, smooth
from opir.errors import ConfigurationError, ShapeError


def brute_force(guide: np.ndarray, plane: np.ndarray, radius: int, epsilon: float) -> np.ndarray:
    """A ridge regression in every square, and the mean of its predictions over all squares that hold the pixel."""
    height, width = guide.shape
    total, count = np.zeros(guide.shape), np.zeros(guide.shape)
    for i in range(height):
        for j in range(width):
            where = np.s_[max(0, i - radius) : i + radius + 1, max(0, j - radius) : j + radius + 1]
            x, y = guide[where].ravel(), plane[where].ravel()
            normal = np.array([[np.sum(x * x) + epsilon * x.size, x.sum()], [x.sum(), x.size]])
            slope, offset = np.linalg.solve(normal, [np.sum(x * y), y.sum()])
            total[where] += slope * guide[where] + offset
            count[where] += 1
    return total / count


@pytest.mark.parametrize(("radius", "epsilon"), [(1, 0.01), (3, 1e-3), (6, 0.2)])
def test_it_is_the_regression_of_the_paper(radius: int, epsilon: float):
    generator = np.random.default_rng(0)
    guide, plane = generator.uniform(0, 1, (2, 11, 14))
    result = guided_filter(guide, plane, radius=radius, epsilon=epsilon)
    np.testing.assert_allclose(result, brute_force(guide, plane, radius, epsilon), atol=1e-9)


def test_edges_of_the_guide_stay_and_flats_are_smoothed(scene: np.ndarray, noisy: np.ndarray):
    step = np.where(np.arange(40) < 20, 0.0, 1.0)[None].repeat(30, axis=0)
    noise = 0.05 * np.random.default_rng(2).standard_normal(step.shape)
    result = guided_filter(step, step + noise, radius=4, epsilon=1e-4)
    assert np.std((result - step)[:, :18]) < np.std(noise) / 3
    assert np.abs(result - step).max() < 0.06
    assert np.mean((smooth(noisy) - scene) ** 2) < np.mean((noisy - scene) ** 2) / 1.5


def test_refusals():
    with pytest.raises(ShapeError, match="same size"):
        guided_filter(np.zeros((4, 5)), np.zeros((5, 4)), radius=1, epsilon=0.1)
    with pytest.raises(ConfigurationError, match="epsilon must be positive"):
        guided_filter(np.zeros((4, 4)), np.zeros((4, 4)), radius=1, epsilon=0.0)
