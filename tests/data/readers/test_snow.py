"""Snow100K, SRRS and CSD under their published names."""

from __future__ import annotations

from pathlib import Path

import pytest

from miniatures import Miniature, assert_read, write_pictures
from opir.data.readers import detect

MINIATURES = [
    Miniature(
        reader="snow100k",
        split="train",
        tasks=("snow",),
        folder="Snow100K-training",
        pairs={"all/synthetic/beautiful_smile_00001.jpg": "all/gt/beautiful_smile_00001.jpg"},
        other_files=("all/mask/beautiful_smile_00001.jpg",),
    ),
    *(
        Miniature(
            reader="snow100k",
            split=f"test_{size.lower()}",
            tasks=("snow",),
            folder="Snow100K",
            pairs={
                f"test/Snow100K-{size}/synthetic/city_read_00018.jpg": f"test/Snow100K-{size}/gt/city_read_00018.jpg"
            },
            other_files=(f"test/Snow100K-{size}/mask/city_read_00018.jpg",),
        )
        for size in "SML"
    ),
    Miniature(
        reader="snow100k",
        split="test_2000",
        tasks=("snow",),
        folder="Snow100K",
        pairs={"test2000/Snow/beautiful_smile_00004.jpg": "test2000/Gt/beautiful_smile_00004.jpg"},
    ),
    Miniature(
        reader="srrs",
        split="all",
        tasks=("snow", "haze"),
        folder="SRRS_15004",
        pairs={"Syn/0.tif": "gt_new/0.jpg", "Syn/10.tif": "gt_new/10.jpg"},
        other_files=("Combine Snow/0.tif",),
    ),
    Miniature(
        reader="srrs",
        split="train",
        tasks=("snow", "haze"),
        folder="SRRS",
        pairs={"train2500/Snow/10006.tif": "train2500/Gt/10006.jpg"},
    ),
    Miniature(
        reader="csd",
        split="test",
        tasks=("snow", "haze"),
        folder="CSD",
        pairs={"Test/Snow/1.tif": "Test/Gt/1.tif", "Test/Snow/2.tif": "Test/Gt/2.tif"},
        other_files=("Test/Mask/1.tif", "Train/Snow/1.tif", "Train/Gt/1.tif"),
    ),
]


@pytest.mark.parametrize("miniature", MINIATURES, ids=str)
def test_published_names_are_paired(miniature: Miniature, tmp_path: Path) -> None:
    assert_read(miniature, tmp_path)


def test_snow_folders_without_a_known_name_are_still_pairs_of_snow(tmp_path: Path) -> None:
    root = write_pictures(tmp_path / "mine", ["Snow/1.png", "Gt/1.png"])
    detection = detect(root)
    assert detection.reader.name == "folder_pairs"
    assert detection.scans[0].pairs[0].tasks == ("snow",)
