from __future__ import annotations

import numpy as np
import pytest

from opir.errors import ShapeError
from opir.imaging import Photo


@pytest.mark.parametrize(
    ("pixels", "alpha"),
    [
        (np.zeros((4, 5), np.uint8), None),
        (np.zeros((4, 5, 4), np.uint8), None),
        (np.zeros((0, 5, 3), np.uint8), None),
        (np.zeros((4, 5, 3), np.float64), None),
        (np.zeros((4, 5, 3), np.uint8), np.zeros((5, 4), np.uint8)),
        (np.zeros((4, 5, 3), np.uint8), np.zeros((4, 5), np.uint16)),
    ],
)
def test_arrays_that_are_no_photo(pixels, alpha):
    with pytest.raises(ShapeError, match="got"):
        Photo(pixels=pixels, alpha=alpha)


def test_size_and_kind():
    photo = Photo(pixels=np.zeros((4, 5, 1), np.uint8))
    assert (photo.height, photo.width, photo.is_gray, photo.is_transparent) == (4, 5, True, False)


def test_transparency_needs_a_pixel_that_is_not_opaque():
    alpha = np.full((4, 5), 255, np.uint8)
    assert not Photo(pixels=np.zeros((4, 5, 3), np.uint8), alpha=alpha).is_transparent
    alpha[3, 4] = 254
    assert Photo(pixels=np.zeros((4, 5, 3), np.uint8), alpha=alpha).is_transparent
