"""Tiles cover a picture once, on the grid, within the memory they are given."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opir.errors import ConfigurationError
from opir.runtime.tiling import (
    Window,
    automatic_tile,
    plan_cores,
    smaller_tile,
    smallest_tile,
)

blocks = st.integers(1, 40)
strides = st.sampled_from([1, 2, 8, 16])


@given(rows=blocks, columns=blocks, stride=strides, tile=st.integers(0, 400))
def test_cores_cover_every_pixel_once_on_the_grid(rows: int, columns: int, stride: int, tile: int) -> None:
    height, width = rows * stride, columns * stride
    visits = np.zeros((height, width), int)
    cores = plan_cores(height, width, tile=tile, stride=stride)
    for core in cores:
        visits[core.slices] += 1
        assert core.top % stride == core.left % stride == core.height % stride == core.width % stride == 0
        assert max(core.height, core.width) <= max(tile or max(height, width), stride)
    assert (visits == 1).all()
    assert max(core.height for core in cores) - min(core.height for core in cores) <= stride
    assert max(core.width for core in cores) - min(core.width for core in cores) <= stride


def test_whole_picture_is_one_core() -> None:
    assert plan_cores(16, 24, tile=0, stride=8) == (Window(top=0, left=0, bottom=16, right=24),)


def test_fewest_tiles() -> None:
    assert len(plan_cores(1024, 1032, tile=512, stride=8)) == 2 * 3


@pytest.mark.parametrize(("height", "width", "tile"), [(12, 16, 0), (0, 16, 0), (16, 16, -1)])
def test_impossible_plans_are_refused(height: int, width: int, tile: int) -> None:
    with pytest.raises(ConfigurationError):
        plan_cores(height, width, tile=tile, stride=8)


def test_halo_ends_at_the_border_of_the_picture() -> None:
    core = Window(top=8, left=0, bottom=24, right=16)
    window = core.grown(16, 64, 20)
    assert window == Window(top=0, left=0, bottom=40, right=20)
    picture = np.arange(64 * 20).reshape(64, 20)
    np.testing.assert_array_equal(picture[window.slices][core.within(window).slices], picture[core.slices])


def test_blocks_of_a_window() -> None:
    assert Window(top=8, left=16, bottom=24, right=32).coarser(8) == Window(top=1, left=2, bottom=3, right=4)


@given(
    height=st.integers(1, 5000),
    width=st.integers(1, 5000),
    halo=st.sampled_from([0, 16, 96]),
    stride=strides,
    budget=st.integers(0, 10**10),
)
def test_automatic_tile_fits_the_budget(height: int, width: int, halo: int, stride: int, budget: int) -> None:
    tile = automatic_tile(height, width, halo=halo, stride=stride, bytes_per_pixel=1000, budget_bytes=budget)
    if tile == 0:
        assert 1000 * height * width <= budget
    else:
        assert 1000 * height * width > budget
        assert tile % stride == 0
        assert tile == smallest_tile(stride) or 1000 * (tile + 2 * halo) ** 2 <= budget


def test_automatic_tile_uses_the_budget() -> None:
    tile = automatic_tile(4000, 6000, halo=96, stride=8, bytes_per_pixel=1000, budget_bytes=10**9)
    assert tile == 1000 - 192


@given(height=st.integers(1, 10**6), width=st.integers(1, 10**6), stride=strides)
def test_retries_shrink_and_end(height: int, width: int, stride: int) -> None:
    tile: int | None = 0
    sizes = []
    while (tile := smaller_tile(tile, height, width, stride=stride)) is not None:
        sizes.append(tile)
        assert tile % stride == 0
    assert sizes == sorted(set(sizes), reverse=True)
    assert all(size < max(height, width) for size in sizes)
    assert bool(sizes) == (max(height, width) > smallest_tile(stride))


def test_a_tile_larger_than_the_picture_shrinks_below_the_picture() -> None:
    assert smaller_tile(4096, 300, 200, stride=8) == 144
