"""Small data sets of flat or random pictures, and a contestant whose results are known."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from opir.data import ImageSet, open_dataset

Pictures = dict[str, np.ndarray]
WriteSet = Callable[[Pictures], ImageSet]


def write(path: Path, codes: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(codes.astype(np.uint8)).save(path)


@pytest.fixture
def write_set(tmp_path: Path) -> WriteSet:
    """Write pictures (H, W, 3) by relative path below ``data`` and open the folder."""

    def write_all(pictures: Pictures) -> ImageSet:
        for name, codes in pictures.items():
            write(tmp_path / "data" / name, codes)
        return open_dataset(tmp_path / "data")

    return write_all


@pytest.fixture
def random_pairs(write_set: WriteSet) -> ImageSet:
    """Three pairs a, b, c of 20 x 19 px, in that order ever noisier."""
    generator = np.random.default_rng(0)
    pictures: Pictures = {}
    for sigma, name in zip((10, 20, 40), "abc", strict=True):
        clean = np.kron(generator.integers(40, 200, (5, 5, 3)), np.ones((4, 4, 1)))[:, :19]
        pictures[f"target/{name}.png"] = clean
        pictures[f"input/{name}.png"] = np.clip(clean + sigma * generator.standard_normal(clean.shape), 0, 255)
    return write_set(pictures)
