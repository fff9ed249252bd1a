"""RealBlur: scenes, and the list files that split them."""

from __future__ import annotations

from pathlib import Path

import pytest

from miniatures import relative_pairs, write_pictures
from opir.data.readers import detect, open_dataset
from opir.errors import DatasetError

J = "RealBlur-J_ECC_IMCORR_centroid_itensity_ref"
R = "RealBlur-R_BM3D_ECC_IMCORR_centroid_itensity_ref"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    names = [
        f"{camera}/scene{scene:03d}/{kind}/{kind}_{n}.png"
        for camera in (J, R)
        for scene in (1, 2)
        for kind in ("gt", "blur")
        for n in (1, 2, 10)
    ]
    return write_pictures(tmp_path, names)


def _line(camera: str, scene: int, n: int) -> str:
    folder = f"{camera}/scene{scene:03d}"
    return f"{folder}/gt/gt_{n}.png {folder}/blur/blur_{n}.png"


def test_without_lists_all_scenes_of_both_cameras_are_read(root: Path) -> None:
    detection = detect(root)
    assert detection.reader.name == "realblur"
    assert detection.splits == ("j_all", "r_all")
    assert [pair.name for pair in detection.scan("j_all").pairs][:3] == [
        "scene001/blur/blur_1",
        "scene001/blur/blur_2",
        "scene001/blur/blur_10",
    ]


def test_the_lists_decide_the_splits(root: Path) -> None:
    (root / "RealBlur_J_train_list.txt").write_text(f"{_line(J, 1, 10)}\n{_line(J, 1, 2)}\n")
    (root / "RealBlur_J_test_list.txt").write_text(f"{_line(J, 2, 1)} \n\n")
    assert detect(root).splits == ("j_train", "j_test", "r_all")
    assert relative_pairs(open_dataset(root, split="j_train"), root / J) == {
        "scene001/blur/blur_2.png": "scene001/gt/gt_2.png",
        "scene001/blur/blur_10.png": "scene001/gt/gt_10.png",
    }
    assert len(open_dataset(root, split="j_test")) == 1


def test_a_listed_picture_that_is_missing_is_named(root: Path) -> None:
    (root / "RealBlur_R_test_list.txt").write_text(f"{_line(R, 1, 1)}\n{_line(R, 2, 7)}\n")
    with pytest.raises(DatasetError, match=r"scene002/blur/blur_7\.png is listed but missing"):
        open_dataset(root, split="r_test")
