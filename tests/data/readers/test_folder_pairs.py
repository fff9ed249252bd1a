"""One's own pairs in two folders, or in one with two endings."""

from __future__ import annotations

from pathlib import Path

import pytest

from miniatures import relative_pairs, write_pictures
from opir.data.readers import detect, open_dataset
from opir.data.readers.folder_pairs import hinted_tasks


@pytest.mark.parametrize(
    ("degraded", "clean", "tasks"),
    [
        ("degraded/a.png", "clean/a.png", ()),
        ("input/a.jpg", "target/a.png", ()),
        ("Input/a.png", "GroundTruth/a.png", ()),
        ("lq/a.png", "gt/a.png", ()),
        ("LQ/a.png", "HQ/a.png", ()),
        ("low/a.png", "high/a.png", ("low_light",)),
        ("haze/a.png", "clear/a.png", ("haze",)),
        ("hazy/a_3.png", "gt/a.png", ("haze",)),
        ("blur/a.png", "sharp/a.png", ("blur",)),
        ("noisy/a_noisy.png", "clean/a_clean.png", ("noise",)),
        ("rain/deep/a.png", "norain/deep/a.png", ("rain",)),
        ("a_noisy.png", "a_clean.png", ("noise",)),
        ("a_input.png", "a_gt.png", ()),
    ],
)
def test_usual_names_are_paired(tmp_path: Path, degraded: str, clean: str, tasks: tuple[str, ...]) -> None:
    root = write_pictures(tmp_path / "x" / "mine", [degraded, clean])
    image_set = open_dataset(root)
    assert (image_set.reader, image_set.split) == ("folder_pairs", "all")
    assert relative_pairs(image_set, root) == {degraded: clean}
    assert image_set.pairs[0].tasks == tasks


def test_splits_are_told_apart(tmp_path: Path) -> None:
    names = [f"{split}/{kind}/1.png" for split in ("train", "valid", "test") for kind in ("input", "gt")]
    detection = detect(write_pictures(tmp_path / "x" / "mine", names))
    assert detection.reader.name == "folder_pairs"
    assert detection.splits == ("train", "val", "test")
    assert relative_pairs(open_dataset(tmp_path / "x" / "mine", split="val"), tmp_path / "x" / "mine") == {
        "valid/input/1.png": "valid/gt/1.png"
    }


def test_the_folder_above_tells_the_task(tmp_path: Path) -> None:
    root = write_pictures(tmp_path / "my-rain" / "train", ["input/1.png", "target/1.png"])
    assert open_dataset(root).pairs[0].tasks == ("rain",)


def test_words_in_names_tell_tasks_and_train_is_not_rain() -> None:
    assert hinted_tasks(["train", "data"]) == ()
    assert hinted_tasks(["Deraining", "low-light_2024"]) == ("rain", "low_light")
    assert hinted_tasks(["dehaze", "Snow100K", "denoise"]) == ("haze", "snow", "noise")


def test_a_folder_in_a_folder_is_opened(tmp_path: Path) -> None:
    root = write_pictures(tmp_path / "a", ["a/a/input/1.png", "a/a/target/1.png"])
    assert open_dataset(root).root == root / "a" / "a"
