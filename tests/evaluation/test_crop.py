from __future__ import annotations

import numpy as np
import pytest

from opir.errors import ShapeError
from opir.evaluation.crop import crop_to_multiple


@pytest.mark.parametrize(("size", "start", "stop"), [(32, 0, 32), (33, 0, 32), (34, 1, 33), (47, 7, 39), (16, 0, 16)])
def test_the_larger_half_of_the_remainder_goes_at_the_end(size, start, stop):
    image = np.arange(size)[None, None] + 100 * np.arange(size)[None, :, None]
    np.testing.assert_array_equal(crop_to_multiple(image, 16), image[:, start:stop, start:stop])


def test_whole_pictures_and_small_ones():
    image = np.zeros((3, 15, 40))
    assert crop_to_multiple(image, 1).shape == image.shape
    with pytest.raises(ShapeError, match="40 x 15"):
        crop_to_multiple(image, 16)
