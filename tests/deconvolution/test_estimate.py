"""From windows of a picture to its blur."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest
from tests.deconvolution.pictures import line_kernel, rectangles

from opir.deconvolution.estimate import estimate_blur
from opir.deconvolution.kernel import SIDE, Float32
from opir.deconvolution.orientations import N_MIRRORED


@dataclass
class FakeFinder:
    """Say what they were told to, one kernel for each window and its mirror images after the other."""

    kernels: list[Float32]
    shapes: list[tuple[int, ...]] = field(default_factory=list)
    kernel_now: Float32 = field(init=False)

    def kernel(self, maps: Float32, statistics: Float32) -> tuple[Float32, Float32]:
        if len(self.shapes) % (2 * N_MIRRORED) == 0:
            self.kernel_now = self.kernels.pop(0)
        self.shapes += [maps.shape, statistics.shape]
        return self.kernel_now[None], np.array([[-3.0, -float(len(self.kernels))]], np.float32)


def window() -> Float32:
    return np.repeat(rectangles()[None], 3, axis=0)


def test_one_window_has_the_blur_that_the_network_finds() -> None:
    finder = FakeFinder([line_kernel(9)])
    blur = estimate_blur(finder, [window()])
    assert blur is not None
    np.testing.assert_allclose(blur.kernel, line_kernel(9), atol=1e-5)
    assert finder.shapes == N_MIRRORED * [(1, 23, SIDE, SIDE), (1, 14)]


def test_mirror_images_are_asked_for_as_well_and_turned_back() -> None:
    class Biased:
        """Finds the middle, and a place to the right of it whatever it is shown."""

        def kernel(self, maps: Float32, statistics: Float32) -> tuple[Float32, Float32]:
            found = np.full((1, SIDE, SIDE), 1e-6, np.float32)
            found[0, SIDE // 2, SIDE // 2 : SIDE // 2 + 3] = (0.5, 0.25, 0.25)
            return found, np.zeros((1, 2), np.float32)

    blur = estimate_blur(Biased(), [window()])
    assert blur is not None
    np.testing.assert_allclose(blur.kernel, blur.kernel[:, ::-1], rtol=1e-4)
    assert blur.kernel[SIDE // 2, SIDE // 2] > 0.95


def test_windows_that_agree_have_their_mean_and_the_stronger_regularisers() -> None:
    blur = estimate_blur(FakeFinder([line_kernel(9), line_kernel(7)]), [window(), window()])
    assert blur is not None
    assert blur.kernel.sum() == pytest.approx(1)
    assert blur.log_regularisers.tolist() == [-3.0, 0.0]


def test_windows_that_disagree_have_no_blur_in_common() -> None:
    finder = FakeFinder([line_kernel(15), line_kernel(15, along="rows")])
    assert estimate_blur(finder, [window(), window()]) is None


def test_small_pictures_and_none_at_all_have_none() -> None:
    assert estimate_blur(FakeFinder([]), [window()[:, :95]]) is None
    assert estimate_blur(FakeFinder([]), []) is None
