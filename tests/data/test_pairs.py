"""Natural order, and reading a pair."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from miniatures import write_picture
from opir.data.pairs import Pair, natural_key, read_pair
from opir.errors import DatasetError


def test_numbers_are_ordered_by_value() -> None:
    names = ["b", "a10", "a9", "a09", "A1", "10", "9", "a1b2", "a1b10"]
    assert sorted(names, key=natural_key) == ["9", "10", "A1", "a1b2", "a1b10", "a09", "a9", "a10", "b"]


@given(st.lists(st.text(alphabet="aB01²٣_.", max_size=6), unique=True, max_size=6))
def test_order_does_not_depend_on_the_order_of_the_folder(names: list[str]) -> None:
    ordered = sorted(names, key=natural_key)
    names.reverse()
    assert sorted(names, key=natural_key) == ordered


def _pair(folder: Path, *, border: int = 0) -> Pair:
    return Pair(degraded=folder / "d.png", clean=folder / "c.png", name="d", tasks=("haze",), clean_border=border)


def test_a_pair_is_read_in_the_order_degraded_clean(tmp_path: Path) -> None:
    for name in ("d.png", "c.png"):
        write_picture(tmp_path / name)
    degraded, clean = read_pair(_pair(tmp_path))
    assert np.array_equal(degraded.pixels, np.asarray(Image.open(tmp_path / "d.png")))
    assert np.array_equal(clean.pixels, np.asarray(Image.open(tmp_path / "c.png")))


def test_a_border_is_cropped_only_if_it_is_there(tmp_path: Path) -> None:
    write_picture(tmp_path / "d.png", (9, 7))
    write_picture(tmp_path / "c.png", (9, 7))
    assert read_pair(_pair(tmp_path, border=2))[1].pixels.shape == (7, 9, 3)
    write_picture(tmp_path / "c.png", (13, 11))
    cropped = read_pair(_pair(tmp_path, border=2))[1].pixels
    assert np.array_equal(cropped, np.asarray(Image.open(tmp_path / "c.png"))[2:-2, 2:-2])


def test_different_sizes_are_an_error_that_names_both(tmp_path: Path) -> None:
    write_picture(tmp_path / "d.png", (9, 7))
    write_picture(tmp_path / "c.png", (13, 11))
    with pytest.raises(DatasetError, match=r"got 9x7 for .*d\.png and 13x11 for .*c\.png"):
        read_pair(_pair(tmp_path, border=1))
