"""Tell with which quality and colour resolution a JPEG was compressed, from its own tables.

The quality is a convention of the IJG's libjpeg: the example tables of ITU-T T.81, annex K.1, times 50 / q below
q = 50 and times (100 - q) / 50 from there on. For the tables of other programs the nearest quality is taken.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, JpegImagePlugin

from opir.imaging.photo import Subsampling

# ITU-T T.81, table K.1: brightness, row by row.
_BRIGHTNESS: Final = np.array(
    [
        *(16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56),
        *(14, 17, 22, 29, 51, 87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92),
        *(49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99),
    ],
    np.int64,
)
_SUBSAMPLINGS: Final[dict[int, Subsampling]] = {0: "4:4:4", 1: "4:2:2", 2: "4:2:0"}


def jpeg_quality(image: Image.Image) -> int | None:
    """The quality, 1 to 100, whose brightness table is nearest to the image's; None for images without tables."""
    tables = getattr(image, "quantization", None)
    table = tables.get(0) if isinstance(tables, dict) else None
    if table is None or len(table) != 64:
        return None
    quality = np.arange(1, 101)
    distance = np.abs(_tables(quality) - np.array(table, np.int64)).sum(axis=1)
    return int(quality[distance == distance.min()].max())


def jpeg_subsampling(image: Image.Image) -> Subsampling | None:
    """The colour resolution; None for gray images and unusual ones."""
    if not isinstance(image, JpegImagePlugin.JpegImageFile):
        return None
    return _SUBSAMPLINGS.get(JpegImagePlugin.get_sampling(image))


def _tables(quality: NDArray[np.int64]) -> NDArray[np.int64]:
    """Libjpeg's brightness tables (N, 64) of the given qualities (N,)."""
    percent = np.where(quality < 50, 5000 // quality, 200 - 2 * quality)
    scaled: NDArray[np.int64] = np.clip((_BRIGHTNESS * percent[:, None] + 50) // 100, 1, 255)
    return scaled
