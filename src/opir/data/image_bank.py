"""Decoded photographs in memory, from which training crops are cut."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from opir.data.pairs import CleanImage, Pair, read_pair
from opir.errors import DatasetError, OpirError
from opir.imaging import Photo, eight_bit_colours, read_photo

Picture = NDArray[np.uint8]
"""(H, W, 3), sRGB code values."""

MOST_LISTED = 20
"""Unusable pictures that an error names; the others are counted."""


@dataclass(frozen=True, kw_only=True)
class ImageBank:
    """Degraded and clean pictures of equal size; for clean photographs both are the same array."""

    names: tuple[str, ...]
    degraded: tuple[Picture, ...]
    clean: tuple[Picture, ...]

    @classmethod
    def read(cls, sources: Iterable[Pair | CleanImage], *, min_side: int) -> Self:
        """Decode pairs and clean photographs; gray ones are repeated to three colours.

        Raises:
            DatasetError: if there are none, or naming every file that cannot be read, has a side below ``min_side``
                pixels or differs in size from its partner.
        """
        names, degraded, clean, problems = [], [], [], []
        for source in sources:
            try:
                before, after = _decode(source)
            except OpirError as error:
                problems.append(str(error))
                continue
            if min(after.shape[:2]) < min_side:
                height, width = after.shape[:2]
                problems.append(f"{source.name}: {width} x {height}, smaller than the crop of {min_side} pixels")
                continue
            names.append(source.name)
            degraded.append(before)
            clean.append(after)
        if problems:
            listed = "\n  ".join(problems[:MOST_LISTED])
            more = "" if len(problems) <= MOST_LISTED else f"\n  and {len(problems) - MOST_LISTED} more"
            raise DatasetError(f"{len(problems)} unusable training pictures; remove or mend them:\n  {listed}{more}")
        if not names:
            raise DatasetError("expected at least one training picture, found none: check the data folder")
        return cls(names=tuple(names), degraded=tuple(degraded), clean=tuple(clean))

    def __len__(self) -> int:
        return len(self.names)

    def crop(self, size: int, generator: np.random.Generator) -> tuple[Picture, Picture]:
        """Cut one aligned pair of (size, size, 3), randomly placed, flipped and turned, from a random picture.

        A picture with a shorter side gives the largest square that fits. A clean photograph gives one array twice.

        Pictures are drawn in proportion to the square root of their area, so that large ones count for more
        without crowding out the small.
        """
        weights = np.sqrt([picture.shape[0] * picture.shape[1] for picture in self.clean])
        index = int(generator.choice(len(self), p=weights / weights.sum()))
        height, width = self.clean[index].shape[:2]
        size = min(size, height, width)
        top = int(generator.integers(height - size + 1))
        left = int(generator.integers(width - size + 1))
        n_turns, mirrored = int(generator.integers(4)), bool(generator.integers(2))

        def cut(picture: Picture) -> Picture:
            piece = np.rot90(picture[top : top + size, left : left + size], n_turns)
            return np.ascontiguousarray(piece[:, ::-1] if mirrored else piece)

        clean = cut(self.clean[index])
        degraded = clean if self.degraded[index] is self.clean[index] else cut(self.degraded[index])
        return degraded, clean


def _decode(source: Pair | CleanImage) -> tuple[Picture, Picture]:
    if isinstance(source, CleanImage):
        picture = _colours(read_photo(source.path))
        return picture, picture
    degraded, clean = read_pair(source)
    return _colours(degraded), _colours(clean)


def _colours(photo: Photo) -> Picture:
    return eight_bit_colours(photo)  # training rounds the few data sets with more bits
