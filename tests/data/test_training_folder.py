"""Which pictures of a folder are trained on."""

from __future__ import annotations

import pytest

from miniatures import write_pictures
from opir.data.training_folder import find_training_pictures, open_banks
from opir.errors import ConfigurationError, DatasetError, DatasetNotFoundError

SPLITS = (
    "train/input/1.png", "train/target/1.png", "train/input/2.png", "train/target/2.png", "test/input/3.png",
    "test/target/3.png",
)  # fmt: skip


def degraded_files(folder, bank):
    return sorted(pair.degraded.relative_to(folder.root).as_posix() for pair in folder.sources[bank])


def test_a_folder_of_pairs_needs_nothing_else(tmp_path):
    root = write_pictures(tmp_path / "mine", ("degraded/a.png", "clean/a.png", "degraded/b.png", "clean/b.png"))
    folder = find_training_pictures(root)
    assert folder.n_pictures == {"other_pairs": 2, "clean": 2}


def test_of_several_splits_train_is_taken_and_the_test_pictures_never(tmp_path):
    folder = find_training_pictures(write_pictures(tmp_path / "my-rain", SPLITS))
    assert degraded_files(folder, "rain_pairs") == ["train/input/1.png", "train/input/2.png"]
    assert len(folder.notes) == 1
    assert "split train is taken, test left alone" in folder.notes[0]


def test_splits_inside_a_training_folder(tmp_path):
    names = (*(f"rain/{name}" for name in SPLITS), "clean/a.png", "haze/hazy/1.png", "haze/clear/1.png")
    folder = find_training_pictures(write_pictures(tmp_path, names))
    assert folder.n_pictures == {"haze_pairs": 1, "rain_pairs": 2, "clean": 1}


def test_a_split_can_be_chosen(tmp_path):
    folder = find_training_pictures(write_pictures(tmp_path / "rain", SPLITS), split="test")
    assert degraded_files(folder, "rain_pairs") == ["test/input/3.png"]
    with pytest.raises(ConfigurationError, match=r"got 'val', not test, train"):
        find_training_pictures(tmp_path / "rain", split="val")


def test_without_a_train_split_one_must_be_named(tmp_path):
    names = (*(name.replace("train", "val") for name in SPLITS),)
    with pytest.raises(ConfigurationError, match="--split: val, test"):
        find_training_pictures(write_pictures(tmp_path / "rain", names))


def test_sets_beside_a_recognised_one_are_found_too(tmp_path):
    names = ("haze/hazy/1.png", "haze/clear/1.png", "haze/more/hazy/2.png", "haze/more/clear/2.png")
    folder = find_training_pictures(write_pictures(tmp_path, names))
    assert degraded_files(folder, "haze_pairs") == ["haze/hazy/1.png", "haze/more/hazy/2.png"]


def test_only_the_banks_that_are_asked_for_are_decoded(tmp_path):
    folder = find_training_pictures(write_pictures(tmp_path, ("clean/a.png", "rain/input/1.png", "rain/target/1.png")))
    assert set(folder.read({"rain_pairs"}, min_side=8)) == {"rain_pairs"}
    assert set(open_banks(tmp_path, min_side=8)) == {"rain_pairs", "clean"}
    with pytest.raises(DatasetError, match=r"(?s)rain_pairs: .*clean: "):
        folder.read(min_side=64)


def test_a_folder_of_clean_pictures_alone_says_where_they_belong(tmp_path):
    with pytest.raises(DatasetNotFoundError, match="move them into the folder 'clean'"):
        find_training_pictures(write_pictures(tmp_path, ("a.png", "b.png")))


def test_a_folder_of_anything_else_says_what_was_looked_for(tmp_path):
    with pytest.raises(DatasetNotFoundError, match="degraded/"):
        find_training_pictures(write_pictures(tmp_path, ("before/a.png", "after/a.png")))
