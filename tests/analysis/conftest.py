"""Scenes without a photograph: surfaces with edges at all angles, shading and a little texture."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, ImageDraw

Scene = Callable[..., np.ndarray]


@pytest.fixture
def scene() -> Scene:
    """Return (3, H, W), float32, encoded, in [0.05, 0.95]: discs and polygons in front of a gradient."""

    def draw(seed: int = 0, height: int = 288, width: int = 352) -> np.ndarray:
        random = np.random.default_rng(seed)
        image = Image.new("RGB", (4 * width, 4 * height), (90, 120, 160))
        pen = ImageDraw.Draw(image)
        for _ in range(40):
            colour = tuple(int(value) for value in random.integers(10, 245, 3))
            x, y, size = random.uniform(0, 4 * width), random.uniform(0, 4 * height), random.uniform(80, 400)
            if random.random() < 0.5:
                pen.ellipse((x, y, x + size, y + size), fill=colour)
            else:
                pen.polygon([(x + random.uniform(0, size), y + random.uniform(0, size)) for _ in range(4)], colour)
        small = np.asarray(image.resize((width, height), Image.Resampling.BOX), np.float32) / 255
        shade = np.linspace(0.75, 1.0, width, dtype=np.float32)
        return np.ascontiguousarray((0.05 + 0.9 * small * shade[:, None]).transpose(2, 0, 1))

    return draw


@pytest.fixture
def as_jpeg() -> Callable[[np.ndarray, int], bytes]:
    """The bytes of a JPEG file, 4:2:0."""

    def encode(image: np.ndarray, quality: int) -> bytes:
        stream = io.BytesIO()
        codes = np.rint(image * 255).astype(np.uint8).transpose(1, 2, 0)
        Image.fromarray(codes).save(stream, "JPEG", quality=quality, subsampling=2)
        return stream.getvalue()

    return encode
