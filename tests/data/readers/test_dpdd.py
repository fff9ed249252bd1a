"""DPDD: pairs by order, with close capture numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from miniatures import relative_pairs, write_pictures
from opir.data import read_pair
from opir.data.image_bank import ImageBank
from opir.data.readers import open_dataset
from opir.errors import DatasetError
from opir.imaging import Photo, encode_photo

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


def test_the_16_bit_pictures_of_the_published_files_are_read_at_full_depth(tmp_path: Path) -> None:
    root = write_pictures(tmp_path / "dd_dp_dataset_png", FILES)
    deep = np.arange(6 * 5 * 3, dtype=np.uint16).reshape(6, 5, 3) * 700
    for name in FILES:
        (root / name).write_bytes(encode_photo(Photo(pixels=deep), "PNG"))
    degraded, clean = read_pair(open_dataset(root).pairs[0])
    for photo in (degraded, clean):
        np.testing.assert_array_equal(photo.pixels, deep)
    bank = ImageBank.read(open_dataset(root).pairs, min_side=4)
    np.testing.assert_array_equal(bank.clean[0], np.rint(deep / 257).astype(np.uint8))
