"""A tiny model and pictures for the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tiny_model import write_tiny_model


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_model(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture
def bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand-in for the folder of bundled models, with one model called ``base``."""
    folder = tmp_path / "bundled"
    write_tiny_model(folder / "base", name="base")
    monkeypatch.setattr("opir.runtime.weights.bundled_folder", lambda: folder)
    return folder


@pytest.fixture
def picture(tmp_path: Path) -> Callable[..., Path]:
    """Write a small random picture under a name and return its path."""

    def write(name: str = "photo.png", height: int = 21, width: int = 30) -> Path:
        pixels = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path)
        return path

    return write
