"""From windows of a picture to its blur."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest
from tests.deconvolution.pictures import line_kernel, rectangles

from opir.deconvolution.estimate import estimate_blur
from opir.deconvolution.kernel import SIDE, Float32


@dataclass
class FakeFinder:
    """Say what they were told to, one kernel after the other."""

    kernels: list[Float32]
    shapes: list[tuple[int, ...]] = field(default_factory=list)

    def kernel(self, maps: Float32, statistics: Float32) -> tuple[Float32, Float32]:
        self.shapes += [maps.shape, statistics.shape]
        kernel = self.kernels.pop(0)
        return kernel[None], np.array([[-3.0, -float(len(self.kernels))]], np.float32)


def window() -> Float32:
    return np.repeat(rectangles()[None], 3, axis=0)


def test_one_window_has_the_blur_that_the_network_finds() -> None:
    finder = FakeFinder([line_kernel(9)])
    blur = estimate_blur(finder, [window()])
    assert blur is not None
    assert np.array_equal(blur.kernel, line_kernel(9))
    assert finder.shapes == [(1, 23, SIDE, SIDE), (1, 14)]


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
