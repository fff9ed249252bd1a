"""Sets of clean pictures, and plain folders of pictures."""

from __future__ import annotations

from pathlib import Path

import pytest

from miniatures import write_pictures
from opir.data.readers import detect, open_dataset
from opir.errors import DatasetNotFoundError


@pytest.mark.parametrize(
    ("folder", "files", "reader", "split", "expected"),
    [
        ("BSD400", ["100075.jpg"], "bsd400", "all", 400),
        ("BSD432", ["100075.jpg"], "bsd432", "all", 432),
        ("CBSD68", ["101085.png"], "cbsd68", "all", 68),
        ("BSR", ["BSDS500/data/images/val/101085.jpg"], "bsds500", "val", 100),
        ("WED", ["00001.bmp"], "wed", "all", 4744),
        ("exploration_database_and_code", ["pristine_images/00001.bmp"], "wed", "all", 4744),
        ("data", ["DIV2K_train_HR/0001.png"], "div2k", "train", 800),
        ("DIV2K_valid_HR", ["0801.png"], "div2k", "valid", 100),
        ("Flickr2K", ["Flickr2K_HR/000001.png"], "flickr2k", "all", 2650),
        ("anything", ["kodim01.png", "kodim24.png"], "kodak24", "all", 24),
        ("McMaster", ["1.tif"], "mcmaster", "all", 18),
        ("Urban100", ["image_SRF_2/img_001_SRF_2_HR.png"], "urban100", "all", 100),
        ("Set5", ["baby.png"], "set5", "all", 5),
        ("Set12", ["01.png"], "set12", "all", 12),
        ("Set14", ["baboon.png"], "set14", "all", 14),
        ("LIVE1", ["bikes.bmp"], "live1", "all", 29),
        ("classic5", ["lena.bmp"], "classic5", "all", 5),
    ],
)
def test_published_sets_are_recognised(
    tmp_path: Path, folder: str, files: list[str], reader: str, split: str, expected: int
) -> None:
    image_set = open_dataset(write_pictures(tmp_path / folder, files))
    assert (image_set.reader, image_set.split, image_set.expected) == (reader, split, expected)
    assert [image.path.relative_to(tmp_path / folder).as_posix() for image in image_set.clean_images] == files
    assert image_set.kind == "clean"


def test_urban100_takes_the_sharp_pictures_only(tmp_path: Path) -> None:
    names = ["image_SRF_2/img_001_SRF_2_HR.png", "image_SRF_2/img_001_SRF_2_LR.png"]
    image_set = open_dataset(write_pictures(tmp_path / "Urban100", names))
    assert [image.name for image in image_set.clean_images] == ["img_001_SRF_2_HR"]


def test_the_folder_above_does_not_make_any_folder_a_published_set(tmp_path: Path) -> None:
    root = write_pictures(tmp_path / "Set5" / "low_resolution", ["baby.png"])
    assert open_dataset(root).reader == "pictures"


def test_links_that_lead_back_up_do_not_matter(tmp_path: Path) -> None:
    root = write_pictures(tmp_path / "mine", ["a/1.png"])
    (root / "a" / "back").symlink_to(root)
    assert [image.name for image in open_dataset(root, "picture_tree").clean_images] == ["a/1"]


def test_an_unknown_folder_of_pictures_is_a_clean_set_in_natural_order(tmp_path: Path) -> None:
    write_pictures(tmp_path / "holidays", ["10.png", "9.JPG", "b.webp", "A.bmp"])
    (tmp_path / "holidays" / "notes.txt").write_text("not a picture")
    (tmp_path / "holidays" / ".DS_Store").write_bytes(b"")
    image_set = open_dataset(tmp_path / "holidays")
    assert (image_set.reader, image_set.title) == ("pictures", "A folder of pictures")
    assert [image.name for image in image_set.clean_images] == ["9", "10", "A", "b"]


def test_folders_with_strange_names_are_never_taken_for_clean_pictures(tmp_path: Path) -> None:
    root = write_pictures(tmp_path / "mine", ["before/1.png", "after/1.png"])
    with pytest.raises(DatasetNotFoundError):
        detect(root)
    tree = open_dataset(root, "picture_tree")
    assert [image.name for image in tree.clean_images] == ["after/1", "before/1"]
