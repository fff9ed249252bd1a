from __future__ import annotations

import numpy as np
import pytest
from skimage.color import rgb2ycbcr

from opir.errors import ShapeError
from opir.metrics import luma_bt601, psnr


def test_agrees_with_scikit_image():
    image = np.random.default_rng(0).random((3, 6, 5))
    expected = rgb2ycbcr(image, channel_axis=0)[0] / 255
    np.testing.assert_allclose(luma_bt601(image)[0], expected, atol=1e-12)


def test_the_corners_of_the_cube_have_their_studio_levels():
    corners = np.array([[0, 1, 1, 0, 0], [0, 1, 0, 1, 0], [0, 1, 0, 0, 1]], float)[:, None]
    levels = 255 * luma_bt601(corners)
    assert levels.shape == (1, 1, 5)
    np.testing.assert_allclose(levels[0, 0], [16, 235, 81.481, 144.553, 40.966])


def test_a_grey_error_scores_1_3_db_more_on_luma():
    zero, grey = np.zeros((3, 4, 4)), np.full((3, 4, 4), 0.1)
    on_rgb = psnr(grey, zero, data_range=1)
    on_y = psnr(luma_bt601(grey), luma_bt601(zero), data_range=1)
    assert on_y - on_rgb == pytest.approx(20 * np.log10(255 / 219))


@pytest.mark.parametrize("shape", [(4, 4), (1, 4, 4), (4, 4, 3)])
def test_three_channels_come_first(shape):
    with pytest.raises(ShapeError, match=r"\(3, H, W\)"):
        luma_bt601(np.zeros(shape))
