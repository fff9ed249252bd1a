"""Windows of a picture are those of the padded picture, without it being made."""

from __future__ import annotations

import numpy as np
import pytest

from opir.imaging import Photo, pad_to_multiple, to_network
from opir.runtime.pixels import ArrayPixels, PhotoPixels
from opir.runtime.tiling import Window


@pytest.mark.parametrize("size", [(1, 1), (3, 30), (13, 20), (16, 8)])
@pytest.mark.parametrize("channels", [1, 3])
def test_windows_of_the_padded_picture(size: tuple[int, int], channels: int) -> None:
    codes = np.random.default_rng(0).integers(0, 256, (*size, channels), np.uint8)
    photo = Photo(pixels=codes)
    padded = pad_to_multiple(to_network(photo), 8)
    for pixels in (PhotoPixels(photo, 8), ArrayPixels(to_network(photo), 8)):
        assert (pixels.height, pixels.width) == padded.shape[1:]
        whole = Window(top=0, left=0, bottom=pixels.height, right=pixels.width)
        for window in (whole, Window(top=pixels.height - 8, left=0, bottom=pixels.height, right=8)):
            cut = pixels.cut(window)
            assert cut.dtype == np.float32
            assert cut.flags.c_contiguous
            np.testing.assert_array_equal(cut[0], padded[(..., *window.slices)])
