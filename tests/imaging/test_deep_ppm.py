from __future__ import annotations

import numpy as np
import pytest

from opir.errors import UnreadableImageError
from opir.imaging import read_photo


def test_16_bit_ppm():
    samples = np.arange(18, dtype=np.uint16).reshape(2, 3, 3) * 3000
    data = b"P6 # deep\n3 2\n# white\n65535\n" + samples.astype(">u2").tobytes()
    np.testing.assert_array_equal(read_photo(data).pixels, samples)


def test_levels_between_are_spread_over_all():
    assert read_photo(b"P2\n3 1\n1023\n0 341 # a third\n 1023").pixels.ravel().tolist() == [0, 21_845, 65_535]
    assert read_photo(b"P5 2 1 4095\n\x00\x00\x0f\xff").pixels.ravel().tolist() == [0, 65_535]


@pytest.mark.parametrize(
    "data",
    [
        b"P6\n1 1\n65535\n\0\0\0\0\0",
        b"P5\n1 1\n1023\n\xff\xff",
        b"P2\n2 1\n999\n17",
        b"P2\n1 1\n999\n-5",
        b"P3 1 1 999 1 2 1000",
    ],
)
def test_damaged_deep_ppm(data):
    with pytest.raises(UnreadableImageError):
        read_photo(data)
