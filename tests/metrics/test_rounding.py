from __future__ import annotations

import numpy as np
from skimage import img_as_ubyte

from opir.metrics import round_to_8_bits


def test_agrees_with_scikit_image_and_clips():
    image = np.random.default_rng(0).random((3, 9, 9))
    np.testing.assert_array_equal(np.rint(255 * round_to_8_bits(image)), img_as_ubyte(image))
    np.testing.assert_array_equal(round_to_8_bits(np.array([-0.2, 1.4, 0.4 / 255, 0.6 / 255])), [0, 1, 0, 1 / 255])
    codes = np.arange(256) / 255
    np.testing.assert_array_equal(round_to_8_bits(codes.astype(np.float32)), codes)
