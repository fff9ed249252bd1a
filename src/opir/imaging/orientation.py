"""Turn pixels upright according to the EXIF orientation, and clear the same statement in XMP.

EXIF 2.32, section 4.6.4, tag 274. The value says where row 0 and column 0 of the stored array lie in the
picture: 1 top-left, 2 top-right (mirrored), 3 bottom-right, 4 bottom-left (mirrored), 5 left-top (transposed),
6 right-top, 7 right-bottom (transversed), 8 left-bottom.
"""

from __future__ import annotations

import re
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

S = TypeVar("S", bound=np.generic)

UPRIGHT = 1
"""The orientation of a picture that needs no turning."""

# orientation: (transpose rows and columns first, then flip rows, then flip columns)
_MOVES: dict[int, tuple[bool, bool, bool]] = {
    1: (False, False, False),
    2: (False, False, True),
    3: (False, True, True),
    4: (False, True, False),
    5: (True, False, False),
    6: (True, False, True),
    7: (True, True, True),
    8: (True, True, False),
}

_XMP_ORIENTATION = re.compile(rb"(tiff:Orientation(?:\s*=\s*[\"']|\s*>)\s*)([1-9])")


def valid_orientation(value: int) -> int:
    """The value itself if it is one of the eight, else 1: what the standard calls reserved is not turned."""
    return value if value in _MOVES else UPRIGHT


def swaps_axes(orientation: int) -> bool:
    """Whether turning the picture upright exchanges its width and height."""
    return _MOVES[orientation][0]


def turn_upright(array: NDArray[S], orientation: int) -> NDArray[S]:
    """Turn a stored (H, W) or (H, W, C) array upright; a contiguous array with the sides exchanged for 5 to 8."""
    transpose, flip_rows, flip_columns = _MOVES[orientation]
    if transpose:
        array = array.swapaxes(0, 1)
    if flip_rows:
        array = array[::-1]
    if flip_columns:
        array = array[:, ::-1]
    return np.ascontiguousarray(array)


def xmp_orientation(xmp: bytes) -> int:
    """The ``tiff:Orientation`` of an XMP packet; 1 if it says nothing."""
    found = _XMP_ORIENTATION.search(xmp)
    return valid_orientation(int(found[2])) if found else UPRIGHT


def upright_xmp(xmp: bytes) -> bytes:
    """The XMP packet with ``tiff:Orientation`` set to 1 wherever it occurs; the length does not change."""
    return _XMP_ORIENTATION.sub(rb"\g<1>1", xmp)
