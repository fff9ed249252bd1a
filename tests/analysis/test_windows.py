"""What is looked at of a large picture: bounded, spread, on the grid of JPEG's blocks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opir.analysis.windows import native_windows, thinned


@given(height=st.integers(1, 700), width=st.integers(1, 700), side=st.sampled_from([64, 96, 192]))
def test_windows_lie_on_the_grid_and_never_outnumber_nine(height: int, width: int, side: int) -> None:
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    windows = native_windows(np.stack([rows, columns]), side=side, n_per_axis=3)
    if max(height, width) <= 3 * side:
        assert [window.shape for window in windows] == [(2, height, width)]
        return
    assert 1 <= len(windows) <= 9
    for window in windows:
        assert window.shape == (2, min(side, height), min(side, width))
        assert window[0, 0, 0] % 8 == window[1, 0, 0] % 8 == 0
    corners = {(window[0, 0, 0], window[1, 0, 0]) for window in windows}
    assert len(corners) == len(windows)


def test_windows_reach_the_far_end() -> None:
    image = np.zeros((1, 5000, 4000), np.float32)
    image[:, -20:, -20:] = 1.0
    windows = native_windows(image)
    assert len(windows) == 9
    assert windows[-1].max() == 1.0


@pytest.mark.parametrize(("shape", "expected"), [((100, 50), (100, 50)), ((101, 50), (51, 25)), ((999, 3), (100, 1))])
def test_thinning_bounds_the_longest_side(shape: tuple[int, int], expected: tuple[int, int]) -> None:
    assert thinned(np.zeros((3, *shape), np.float32), longest_side=100).shape == (3, *expected)
