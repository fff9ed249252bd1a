"""Kernels: their middle, their size, their spectrum."""

from __future__ import annotations

import numpy as np
import pytest
from tests.deconvolution.pictures import hook_kernel, line_kernel

from opir.deconvolution.kernel import REACH_PX, SIDE, centred, extent_px, middle_window, transfer_function


def point() -> np.ndarray:
    kernel = np.zeros((SIDE, SIDE), np.float32)
    kernel[REACH_PX, REACH_PX] = 1
    return kernel


def test_a_shifted_kernel_is_moved_back() -> None:
    kernel = line_kernel(7)
    assert np.array_equal(centred(np.roll(kernel, (3, -4), axis=(0, 1))), kernel)


def test_the_extent_is_that_of_the_mass() -> None:
    assert extent_px(point()) == 0
    # places -4 to 4 have the mean square 60 / 9
    assert extent_px(line_kernel(9)) == pytest.approx(2 * np.sqrt(60 / 9))
    assert extent_px(line_kernel(9, along="rows")) == pytest.approx(extent_px(line_kernel(9)))


def test_the_spectrum_of_a_point_is_one_and_that_of_a_symmetric_kernel_real() -> None:
    assert np.allclose(transfer_function(point(), (64, 48)), 1)
    spectrum = transfer_function(line_kernel(5), (64, 48))
    assert np.allclose(spectrum.imag, 0, atol=1e-6)
    assert spectrum[0, 0] == pytest.approx(1)


def test_the_middle_window_undoes_the_transform() -> None:
    kernel = hook_kernel()
    assert np.allclose(middle_window(np.fft.irfft2(transfer_function(kernel, (60, 50)), s=(60, 50))), kernel, atol=1e-6)
