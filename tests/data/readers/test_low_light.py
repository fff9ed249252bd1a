"""LOL v1, LOL v2 and SICE under their published names."""

from __future__ import annotations

from pathlib import Path

import pytest

from miniatures import Miniature, assert_read, relative_pairs, write_pictures
from opir.data.readers import open_dataset

_DARK = ("low_light",)

MINIATURES = [
    Miniature(
        reader="lol_v1",
        split="train",
        tasks=_DARK,
        folder="LOLdataset",
        pairs={"our485/low/2.png": "our485/high/2.png", "our485/low/10.png": "our485/high/10.png"},
        other_files=("eval15/low/1.png", "eval15/high/1.png"),
    ),
    Miniature(
        reader="lol_v1",
        split="test",
        tasks=_DARK,
        folder="LOLdataset",
        open="eval15",
        pairs={"eval15/low/1.png": "eval15/high/1.png"},
    ),
    Miniature(
        reader="lol_v2",
        split="real_train",
        tasks=_DARK,
        folder="LOL-v2",
        pairs={
            "Real_captured/Train/Low/low00001.png": "Real_captured/Train/Normal/normal00001.png",
            "Real_captured/Train/Low/low00002.png": "Real_captured/Train/Normal/normal00002.png",
        },
        other_files=("Real_captured/Test/Low/low00690.png", "Real_captured/Test/Normal/normal00690.png"),
    ),
    Miniature(
        reader="lol_v2",
        split="synthetic_test",
        tasks=_DARK,
        folder="LOL-v2",
        pairs={
            "Synthetic/Test/Low/r000da54ft.png": "Synthetic/Test/Normal/r000da54ft.png",
        },
    ),
]


@pytest.mark.parametrize("miniature", MINIATURES, ids=str)
def test_published_names_are_paired(miniature: Miniature, tmp_path: Path) -> None:
    assert_read(miniature, tmp_path)


@pytest.mark.parametrize("below", ["", "Dataset_Part1/"])
def test_sice_takes_three_of_seven_and_four_of_nine_shots(tmp_path: Path, below: str) -> None:
    shots = [f"Dataset_Part1/{below}1/{n}.JPG" for n in range(1, 8)]
    shots += [f"Dataset_Part1/{below}2/{n}.JPG" for n in range(1, 10)]
    labels = ["Dataset_Part1/Label/1.JPG", "Dataset_Part1/Label/2.JPG"]
    root = write_pictures(tmp_path, [*shots, *labels])
    image_set = open_dataset(root)
    assert (image_set.reader, image_set.split) == ("sice", "part1")
    dark = [*shots[:3], *shots[7:11]]
    assert relative_pairs(image_set, root) == {shot: labels[0] if shot in shots[:7] else labels[1] for shot in dark}
    assert {pair.tasks for pair in image_set.pairs} == {_DARK}
