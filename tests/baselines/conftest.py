"""A small colourful scene with edges, flats and gradients."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

Degrade = Callable[[np.ndarray], np.ndarray]


@pytest.fixture(scope="session")
def scene() -> np.ndarray:
    """(3, 72, 88), float32, in [0, 1]: tiles of random colours, of which some are textured, on a gradient."""
    generator = np.random.default_rng(0)
    tiles = np.kron(generator.uniform(0, 1, (3, 6, 8)), np.ones((1, 12, 11)))
    rows, columns = np.mgrid[:72, :88]
    texture = 0.05 * np.sin(rows / 2) * np.sin(columns / 3) * (columns > 44)
    gradient = np.linspace(-0.1, 0.1, 88)
    return np.clip(0.15 + 0.7 * tiles + texture + gradient, 0.02, 0.98).astype(np.float32)


@pytest.fixture(scope="session")
def noisy(scene: np.ndarray) -> np.ndarray:
    """Gaussian noise of 20 grey levels, clipped."""
    noise = np.random.default_rng(1).standard_normal(scene.shape)
    return np.clip(scene + 20 / 255 * noise, 0, 1).astype(np.float32)
