"""Degrading clean pictures as the protocols say: Gaussian noise by each of their generators, and JPEG."""

from __future__ import annotations

import hashlib
import io
import math
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from opir.errors import ConfigurationError
from opir.tasks import Task

Codes = NDArray[np.uint8]
"""(H, W, 3), RGB code values."""

SEED: Final = 0
"""Seed of the published protocols."""

_LARGEST_SIGMA: Final = 255.0


@dataclass(frozen=True, kw_only=True)
class Synthetic:
    """A degradation and how strong it is.

    Raises:
        ConfigurationError: if the level is out of range.
    """

    kind: Literal["noise", "jpeg"]
    """Gaussian noise, or compression."""
    level: float
    """Noise: sigma in grey levels of 255, 0 for none; JPEG: quality, 1 to 100."""

    def __post_init__(self) -> None:
        if self.kind == "noise" and not (math.isfinite(self.level) and 0 <= self.level <= _LARGEST_SIGMA):
            raise ConfigurationError(f"noise must be a sigma of 0 to 255 grey levels; got {self.level:g}")
        if self.kind == "jpeg" and self.level not in range(1, 101):
            raise ConfigurationError(f"JPEG quality must be a whole number from 1 to 100; got {self.level:g}")

    @property
    def label(self) -> str:
        """Name of the row in a table: ``noise 25``."""
        return f"{self.kind} {self.level:g}"

    @property
    def tasks(self) -> tuple[Task, ...]:
        """What is wrong with a picture afterwards; noise 0 leaves it as it is."""
        return () if self.kind == "noise" and self.level == 0 else (self.kind,)


class NoiseStream:
    """One stream of NumPy's legacy generator that runs on from picture to picture: ``aio`` and ``moce``."""

    def __init__(self, seed: int = SEED) -> None:
        self._random = np.random.RandomState(seed)  # the papers' generator, whose numbers will not change

    def add(self, codes: Codes, sigma: float) -> Codes:
        """``codes + sigma * randn``, clipped to [0, 255] and truncated; draws H * W * 3 numbers."""
        noise = self._random.standard_normal(codes.shape)
        return np.clip(codes + noise * sigma, 0, 255).astype(np.uint8)


def add_float_noise(codes: Codes, sigma: float, *, seed: int = SEED) -> NDArray[np.float32]:
    """``codes / 255 + sigma / 255 * randn``, neither clipped nor rounded, the seed the same for every picture.

    Returns (H, W, 3) float32, also outside [0, 1].
    """
    noise = np.random.RandomState(seed).normal(0.0, sigma / 255.0, codes.shape)
    return (np.float32(codes / 255.0) + noise).astype(np.float32)


def add_named_noise(codes: Codes, sigma: float, *, file_name: str) -> Codes:
    """``codes + sigma * randn``, rounded and clipped to 8 bits.

    The seed is the first 8 bytes (big-endian) of the SHA-256 of ``"<file name> <sigma>"``, so that a picture has
    the same noise whatever else is in its folder.
    """
    digest = hashlib.sha256(f"{file_name} {sigma:g}".encode()).digest()
    generator = np.random.default_rng(int.from_bytes(digest[:8], "big"))
    return np.clip(np.round(codes + sigma * generator.standard_normal(codes.shape)), 0, 255).astype(np.uint8)


def compress_jpeg(codes: Codes, quality: int) -> Codes:
    """One round through Pillow's JPEG encoder, 4:2:0, and decoder; depends on the version of its libjpeg."""
    file = io.BytesIO()
    Image.fromarray(codes).save(file, "JPEG", quality=quality, subsampling=2)
    file.seek(0)
    with Image.open(file) as decoded:
        return np.array(decoded.convert("RGB"))
