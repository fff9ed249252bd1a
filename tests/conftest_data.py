"""Small banks and a small mixture for tests."""

from __future__ import annotations

import numpy as np

from opir.data.image_bank import ImageBank
from opir.data.mixture import Ingredient

NOISE = {"noise": Ingredient(weight=1.0, bank="clean", operators=("gaussian_noise",))}


def small_banks() -> dict[str, ImageBank]:
    generator = np.random.default_rng(0)
    pictures = tuple(
        np.kron(generator.integers(0, 256, (6, 8, 3), dtype=np.uint8), np.ones((8, 8, 1), np.uint8)) for _ in range(3)
    )
    return {"clean": ImageBank(names=("a", "b", "c"), degraded=pictures, clean=pictures)}
