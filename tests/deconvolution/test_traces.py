"""Traces of a blur in a picture."""

from __future__ import annotations

import numpy as np
import pytest
from tests.deconvolution.pictures import blurred, hook_kernel, line_kernel, rectangles

from opir.deconvolution.kernel import REACH_PX, SIDE
from opir.deconvolution.traces import N_MAPS, N_STATISTICS, trace_maps, trace_statistics

ALONG_COLUMNS, CUBED_ALONG_COLUMNS = 0, 1


def test_shapes_and_finite_values_even_of_a_flat_picture() -> None:
    flat = np.full((96, 100), 0.5, np.float32)
    for plane in (flat, rectangles()):
        maps, statistics = trace_maps(plane), trace_statistics(plane)
        assert maps.shape == (N_MAPS, SIDE, SIDE)
        assert statistics.shape == (N_STATISTICS,)
        assert maps.dtype == statistics.dtype == np.float32
        assert np.isfinite(maps).all()
        assert np.isfinite(statistics).all()


def test_motion_widens_the_correlation_along_itself() -> None:
    plane = rectangles()
    sharp = trace_maps(plane)[ALONG_COLUMNS]
    moved = trace_maps(blurred(plane, line_kernel(9)))[ALONG_COLUMNS]
    assert sharp[REACH_PX, REACH_PX] == pytest.approx(1, abs=0.01)
    assert moved[REACH_PX, REACH_PX + 3] > sharp[REACH_PX, REACH_PX + 3] + 0.2


def test_autocorrelations_do_not_tell_a_kernel_from_its_mirror_image_and_the_cubed_one_does() -> None:
    plane = rectangles(256, 256, seed=3)
    kernel = hook_kernel()
    one, other = (trace_maps(blurred(plane, k)) for k in (kernel, kernel[:, ::-1].copy()))
    row = slice(REACH_PX + 1, REACH_PX + 8)
    flat = np.abs(one[ALONG_COLUMNS, REACH_PX, row] - other[ALONG_COLUMNS, REACH_PX, row]).mean()
    cubed = np.abs(one[CUBED_ALONG_COLUMNS, REACH_PX, row] - other[CUBED_ALONG_COLUMNS, REACH_PX, row]).mean()
    assert cubed > 3 * flat


def test_the_cepstrum_of_motion_is_low_at_its_length() -> None:
    plane = rectangles(256, 256) + np.random.default_rng(1).normal(0, 0.2, (256, 256)).astype(np.float32)
    moved = trace_maps(blurred(plane, line_kernel(11)))[-2]
    row = moved[REACH_PX, REACH_PX + 4 :]
    assert int(row.argmin()) + 4 == 11
