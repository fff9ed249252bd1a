"""DPDD: pairs by order, with close capture numbers."""

from __future__ import annotations

from pathlib import Path

import pytest

from miniatures import relative_pairs, write_pictures
from opir.data.readers import open_dataset
from opir.errors import DatasetError

FILES = [
    "test_c/source/1P0A1696.png",
    "test_c/source/1P0A1698.png",
    "test_c/target/1P0A1697.png",
    "test_c/target/1P0A1699.png",
    "test_l/source/1P0A1696_L.png",
    "test_r/source/1P0A1696_R.png",
]


def test_source_and_target_are_paired_by_order(tmp_path: Path) -> None:
    root = write_pictures(tmp_path / "dd_dp_dataset_png", FILES)
    image_set = open_dataset(root)
    assert (image_set.reader, image_set.split) == ("dpdd", "test")
    assert relative_pairs(image_set, root) == {
        "test_c/source/1P0A1696.png": "test_c/target/1P0A1697.png",
        "test_c/source/1P0A1698.png": "test_c/target/1P0A1699.png",
    }
    assert [pair.name for pair in image_set.pairs] == ["1P0A1696", "1P0A1698"]


def test_a_missing_target_is_not_paired_over(tmp_path: Path) -> None:
    more = ["test_c/source/1P0A1720.png", "test_c/source/1P0A1790.png", "test_c/target/1P0A1791.png"]
    with pytest.raises(DatasetError) as error:
        open_dataset(write_pictures(tmp_path, [*FILES, *more]))
    assert "4 pictures cannot be paired by order with 3 targets" in str(error.value)
    assert "1P0A1720.png (by order it would be 1P0A1791.png" in str(error.value)
