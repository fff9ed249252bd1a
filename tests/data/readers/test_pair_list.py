"""Pairs listed in a table."""

from __future__ import annotations

from pathlib import Path

import pytest

from miniatures import relative_pairs, write_pictures
from opir.data.readers import open_dataset
from opir.errors import DatasetError


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_pictures(tmp_path / "lowlight", ["SICE/12.jpg", "SICE/14.jpg", "SICE/2.jpg", "SICE/16.jpg"])


def test_stems_beside_the_folder_of_the_same_name(root: Path) -> None:
    (root / "SICE_pairs.csv").write_text("low,ref,scene\n14,16,2\n2,16,2\n")
    for opened in (root, root / "SICE"):
        image_set = open_dataset(opened)
        assert image_set.reader == "pair_list"
        assert list(relative_pairs(image_set, root).items()) == [
            ("SICE/2.jpg", "SICE/16.jpg"),
            ("SICE/14.jpg", "SICE/16.jpg"),
        ]
        assert [pair.name for pair in image_set.pairs] == ["2", "14"]
        assert image_set.pairs[0].tasks == ("low_light",)


def test_paths_and_other_columns(root: Path) -> None:
    (root / "pairs.csv").write_text("\ufeffclean, degraded\nSICE/16.jpg,SICE/12.jpg\n", encoding="utf-8")
    image_set = open_dataset(root)
    assert relative_pairs(image_set, root) == {"SICE/12.jpg": "SICE/16.jpg"}
    assert image_set.pairs[0].tasks == ()


def test_missing_files_are_named_together(root: Path) -> None:
    (root / "SICE_pairs.csv").write_text("low,ref\n12,16\n99,16\n14,98\n")
    with pytest.raises(DatasetError) as error:
        open_dataset(root)
    assert "'99' is listed but there is no such picture" in str(error.value)
    assert "'98' is listed but there is no such picture" in str(error.value)


def test_a_picture_with_two_references_is_an_error(root: Path) -> None:
    (root / "SICE_pairs.csv").write_text("low,ref\n12,16\n12,14\n")
    with pytest.raises(DatasetError, match=r"SICE/12\.jpg \(listed twice, with 16\.jpg and 14\.jpg\)"):
        open_dataset(root)


def test_files_outside_the_folder_may_be_listed(root: Path, tmp_path: Path) -> None:
    (root / "pairs.csv").write_text(f"degraded,clean\n{root / 'SICE/12.jpg'},{root / 'SICE/16.jpg'}\n")
    assert open_dataset(root).pairs[0].clean == root / "SICE/16.jpg"


def test_other_tables_are_left_alone(root: Path) -> None:
    (root / "photo_pairs.csv").write_text("file,width\n12,3\n")
    assert open_dataset(root).reader == "pictures"
