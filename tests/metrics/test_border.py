from __future__ import annotations

import numpy as np
import pytest

from opir.errors import ShapeError
from opir.metrics import cut_border


def test_the_same_number_of_pixels_goes_from_every_side():
    image = np.arange(3 * 6 * 8).reshape(3, 6, 8)
    np.testing.assert_array_equal(cut_border(image, 2), image[:, 2:4, 2:6])
    np.testing.assert_array_equal(cut_border(image, 0), image)


@pytest.mark.parametrize("border", [-1, 3, 4])
def test_a_pixel_must_be_left(border):
    with pytest.raises(ShapeError, match="leave a pixel"):
        cut_border(np.zeros((6, 8)), border)
