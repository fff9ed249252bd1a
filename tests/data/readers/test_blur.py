"""GoPro and HIDE under their published names."""

from __future__ import annotations

from pathlib import Path

import pytest

from miniatures import Miniature, assert_read, write_pictures
from opir.data.readers import detect

_BLUR = ("blur",)

MINIATURES = [
    Miniature(
        reader="gopro",
        split="train",
        tasks=_BLUR,
        folder="GOPRO_Large",
        pairs={
            "train/GOPR0372_07_00/blur/000047.png": "train/GOPR0372_07_00/sharp/000047.png",
            "train/GOPR0372_07_01/blur/000047.png": "train/GOPR0372_07_01/sharp/000047.png",
        },
        other_files=("train/GOPR0372_07_00/blur_gamma/000047.png",),
    ),
    Miniature(
        reader="gopro",
        split="test_gamma",
        tasks=_BLUR,
        folder="GOPRO_Large",
        pairs={"test/GOPR0384_11_00/blur_gamma/000001.png": "test/GOPR0384_11_00/sharp/000001.png"},
        other_files=("test/GOPR0384_11_00/blur/000001.png",),
    ),
    Miniature(
        reader="gopro",
        split="test",
        tasks=_BLUR,
        folder="GoPro",
        pairs={
            "test/input/GOPR0384_11_00-000001.png": "test/target/GOPR0384_11_00-000001.png",
        },
    ),
    Miniature(
        reader="hide",
        split="train",
        tasks=_BLUR,
        folder="HIDE_dataset",
        pairs={"train/1fromGOPR0950.png": "GT/1fromGOPR0950.png"},
        other_files=("test/test-close-ups/10fromGOPR1081.png", "GT/10fromGOPR1081.png"),
    ),
    Miniature(
        reader="hide",
        split="test",
        tasks=_BLUR,
        folder="HIDE_dataset",
        pairs={
            "test/test-close-ups/10fromGOPR1081.png": "GT/10fromGOPR1081.png",
            "test/test-long-shot/11fromGOPR1085.png": "GT/11fromGOPR1085.png",
        },
    ),
]


@pytest.mark.parametrize("miniature", MINIATURES, ids=str)
def test_published_names_are_paired(miniature: Miniature, tmp_path: Path) -> None:
    assert_read(miniature, tmp_path)


def test_frames_of_one_number_in_two_scenes_keep_different_names(tmp_path: Path) -> None:
    frames = [
        f"train/{scene}/{kind}/000001.png"
        for scene in ("GOPR0372_07_00", "GOPR0374_11_00")
        for kind in ("blur", "sharp")
    ]
    (scan,) = detect(write_pictures(tmp_path, frames)).scans
    assert [pair.name for pair in scan.pairs] == [
        "GOPR0372_07_00/blur/000001",
        "GOPR0374_11_00/blur/000001",
    ]
