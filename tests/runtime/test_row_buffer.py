"""Rows stay until they are forgotten, and what is forgotten is never read by mistake."""

from __future__ import annotations

import numpy as np
import pytest

from opir.runtime.row_buffer import RowBuffer
from opir.runtime.tiling import Window


def test_windows_across_bands() -> None:
    rows = np.random.default_rng(0).random((4, 60, 7), np.float32)
    buffer = RowBuffer()
    for top, keep_from in ((0, 0), (20, 0), (40, 27)):
        buffer.extend(rows[:, top : top + 20], keep_from=keep_from)
    assert (buffer.top, buffer.bottom) == (27, 60)
    np.testing.assert_array_equal(buffer.cut(Window(top=27, left=2, bottom=60, right=6)), rows[:, 27:60, 2:6])
    np.testing.assert_array_equal(buffer.cut(Window(top=41, left=0, bottom=43, right=7)), rows[:, 41:43])


def test_forgotten_rows_are_refused() -> None:
    buffer = RowBuffer()
    buffer.extend(np.zeros((4, 8, 3), np.float32), keep_from=0)
    buffer.extend(np.zeros((4, 8, 3), np.float32), keep_from=8)
    with pytest.raises(IndexError, match="7 to 9 are asked for; 8 to 16 are there"):
        buffer.cut(Window(top=7, left=0, bottom=9, right=3))
