"""Decoded photographs in memory, from which training crops are cut."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from opir.errors import DatasetError

Picture = NDArray[np.uint8]
"""(H, W, 3), sRGB code values."""

PICTURE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff"})


@dataclass(frozen=True, kw_only=True)
class ImageBank:
    """Degraded and clean pictures of equal size; for clean photographs both are the same array."""

    names: tuple[str, ...]
    degraded: tuple[Picture, ...]
    clean: tuple[Picture, ...]

    @classmethod
    def from_pairs(cls, pairs: Iterable[tuple[Path, Path]], *, min_side: int) -> Self:
        """Decode pairs of (degraded, clean) files; a pair of twice the same file is one clean photograph.

        Raises:
            DatasetError: if there are none, or naming every file that cannot be read, has a side below ``min_side``
                pixels or differs in size from its partner.
        """
        names, degraded, clean, problems = [], [], [], []
        for input_path, target_path in pairs:
            try:
                target = _decode(target_path)
                source = target if input_path == target_path else _decode(input_path)
            except (OSError, UnidentifiedImageError) as error:
                problems.append(f"{input_path}: {error}")
                continue
            if source.shape != target.shape:
                problems.append(f"{input_path}: {source.shape[:2]}, but its clean partner is {target.shape[:2]}")
            elif min(source.shape[:2]) < min_side:
                problems.append(f"{input_path}: {source.shape[:2]}, smaller than the crop of {min_side} pixels")
            else:
                names.append(input_path.name)
                degraded.append(source)
                clean.append(target)
        if problems:
            listed = "\n  ".join(problems[:20])
            raise DatasetError(f"{len(problems)} unusable training pictures; remove or mend them:\n  {listed}")
        if not names:
            raise DatasetError("expected at least one training picture, found none: check the data folder")
        return cls(names=tuple(names), degraded=tuple(degraded), clean=tuple(clean))

    def __len__(self) -> int:
        return len(self.names)

    def crop(self, size: int, generator: np.random.Generator) -> tuple[Picture, Picture]:
        """Cut one aligned pair of (size, size, 3), randomly placed, flipped and turned, from a random picture.

        Pictures are drawn in proportion to the square root of their area, so that large ones count for more
        without crowding out the small.
        """
        weights = np.sqrt([picture.shape[0] * picture.shape[1] for picture in self.clean])
        index = int(generator.choice(len(self), p=weights / weights.sum()))
        height, width = self.clean[index].shape[:2]
        top = int(generator.integers(height - size + 1))
        left = int(generator.integers(width - size + 1))
        n_turns, mirrored = int(generator.integers(4)), bool(generator.integers(2))

        def cut(picture: Picture) -> Picture:
            piece = np.rot90(picture[top : top + size, left : left + size], n_turns)
            return np.ascontiguousarray(piece[:, ::-1] if mirrored else piece)

        return cut(self.degraded[index]), cut(self.clean[index])


def _decode(path: Path) -> Picture:
    with Image.open(path) as opened:
        return np.asarray(opened.convert("RGB"))
