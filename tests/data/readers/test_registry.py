"""Detection, opening, and what the errors say."""

from __future__ import annotations

from pathlib import Path

import pytest

from miniatures import write_picture, write_pictures
from opir.data.readers import REGISTRY, detect, get_reader, open_dataset
from opir.errors import ConfigurationError, DatasetError, DatasetNotFoundError


def test_every_reader_is_filed_under_its_own_name_with_patterns_and_splits() -> None:
    for name, reader in REGISTRY.items():
        assert reader.name == name
        assert reader.splits
        assert all("{" in pattern or "csv" in pattern or "ending" in pattern for pattern in reader.patterns)


def test_an_unknown_name_fails_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"'rain100-l'.*did you mean.*rain100l"):
        open_dataset(tmp_path, "rain100-l")


def test_an_unrecognised_folder_lists_what_was_looked_for_and_what_is_there(tmp_path: Path) -> None:
    write_pictures(tmp_path / "mine", ["before/1.png", "after/1.png"])
    with pytest.raises(DatasetNotFoundError) as error:
        detect(tmp_path / "mine")
    message = str(error.value)
    assert "2 folders (after, before) and 0 pictures" in message
    assert "input/{name} with target|gt" in message
    assert "sots: indoor/hazy" in message
    assert "picture_tree" in message


def test_a_named_set_that_is_not_there_lists_its_own_patterns_only(tmp_path: Path) -> None:
    root = write_pictures(tmp_path / "x", ["input/1.png", "target/1.png"])
    with pytest.raises(DatasetNotFoundError) as error:
        open_dataset(root, "lol_v2")
    assert "Real_captured/Train/Low/low{n:d} with Real_captured/Train/Normal/normal{n:d}" in str(error.value)
    assert "raindrop" not in str(error.value)


@pytest.mark.parametrize("reader", ["gopro", "snow100k", "dpdd", "realblur", "sice", "cbsd68", "pair_list"])
def test_nothing_is_found_in_an_empty_folder(tmp_path: Path, reader: str) -> None:
    assert get_reader(reader).matches(tmp_path) == ()
    with pytest.raises(DatasetNotFoundError):
        open_dataset(tmp_path, reader)


def test_a_missing_folder_and_a_file_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "file.png").write_bytes(b"")
    with pytest.raises(DatasetNotFoundError, match="does not exist"):
        open_dataset(tmp_path / "nothing")
    with pytest.raises(DatasetNotFoundError, match="is a file"):
        open_dataset(tmp_path / "file.png")


def test_one_of_several_splits_must_be_chosen(tmp_path: Path) -> None:
    names = [f"{split}/{kind}/1.png" for split in ("our485", "eval15") for kind in ("low", "high")]
    root = write_pictures(tmp_path, names)
    with pytest.raises(ConfigurationError, match="choose one of train, test"):
        open_dataset(root)
    assert open_dataset(root, split="test").split == "test"
    with pytest.raises(DatasetNotFoundError, match=r"'val'.*found the splits train, test"):
        open_dataset(root, split="val")


def test_all_problems_are_named_at_once(tmp_path: Path) -> None:
    root = write_pictures(tmp_path / "x", [f"{kind}/{n}.png" for kind in ("input", "target") for n in range(8)])
    (root / "target" / "1.png").unlink()
    (root / "input" / "2.png").unlink()
    write_picture(root / "input" / "3.png", (13, 8))
    (root / "input" / "4.png").write_bytes(b"not a picture")
    (root / "target" / "5.jpg").write_bytes((root / "target" / "5.png").read_bytes())
    with pytest.raises(DatasetError) as error:
        open_dataset(root)
    message = str(error.value)
    assert "no clean partner: input/1.png (looked for target|gt" in message
    assert "no degraded partner: target/2.png" in message
    assert "sizes differ: input/3.png (13x8, but 3.png is 12x8)" in message
    assert "unreadable: input/4.png" in message
    assert "ambiguous: input/5.png (target/5.jpg, target/5.png would fit as well)" in message
    assert "5 do and 5 do not" in message


def test_a_long_list_is_cut_and_counted(tmp_path: Path) -> None:
    names = [f"input/{n}.png" for n in range(60)] + [f"target/{n}.png" for n in range(35)]
    with pytest.raises(DatasetError) as error:
        open_dataset(write_pictures(tmp_path / "x", names))
    lines = str(error.value).splitlines()
    assert sum(line.startswith("  no clean partner") for line in lines) == 20
    assert "  and 5 more" in lines


def test_headers_are_not_opened_if_not_asked_for(tmp_path: Path) -> None:
    root = write_pictures(tmp_path / "x", ["input/1.png", "target/1.png"])
    write_picture(root / "input" / "1.png", (5, 5))
    assert len(open_dataset(root, check_files=False)) == 1
    with pytest.raises(DatasetError):
        open_dataset(root)


def test_reading_an_impossible_split_names_the_possible_ones(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="one of train, test_a, test_b, all; got 'test'"):
        REGISTRY["raindrop"].read(tmp_path, "test")


def test_matlab_blocks_of_sidd_are_refused_with_advice(tmp_path: Path) -> None:
    (tmp_path / "ValidationNoisyBlocksSrgb.mat").write_bytes(b"")
    with pytest.raises(DatasetError, match=r"SIDD.*save the 256x256 blocks as PNG"):
        open_dataset(tmp_path)


def test_side_by_side_rain800_is_refused_and_not_taken_for_clean_pictures(tmp_path: Path) -> None:
    root = write_pictures(tmp_path / "Rain800", ["training/1.jpg", "test_syn/1.jpg", "test_nature/2.jpg"])
    with pytest.raises(DatasetError, match="two halves"):
        open_dataset(root)
    with pytest.raises(DatasetError, match="two halves"):
        open_dataset(root / "training")


def test_tasks_can_be_set_by_hand(tmp_path: Path) -> None:
    image_set = open_dataset(write_pictures(tmp_path / "x", ["input/1.png", "target/1.png"]))
    assert image_set.with_tasks(("blur", "noise")).pairs[0].tasks == ("blur", "noise")
