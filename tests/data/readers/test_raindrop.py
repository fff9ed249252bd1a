"""RainDrop and Outdoor-Rain under their published names."""

from __future__ import annotations

from pathlib import Path

import pytest

from miniatures import Miniature, assert_read

MINIATURES = [
    Miniature(
        reader="raindrop",
        split="train",
        tasks=("rain",),
        folder="raindrop_data",
        pairs={
            "train/data/2_rain.png": "train/gt/2_clean.png",
            "train/data/10_rain.png": "train/gt/10_clean.png",
        },
    ),
    Miniature(
        reader="raindrop",
        split="test_a",
        tasks=("rain",),
        folder="test_a",
        pairs={"data/0_rain.png": "gt/0_clean.png"},
    ),
    Miniature(
        reader="raindrop",
        split="test_b",
        tasks=("rain",),
        folder="raindrop",
        pairs={"test_b/data/7_rain.jpg": "test_b/gt/7_clean.jpg"},
    ),
    Miniature(
        reader="outdoor_rain",
        split="train",
        tasks=("rain", "haze"),
        folder="outdoor",
        pairs={
            "train/in/im_0001_s80_a04.png": "train/gt/im_0001.png",
            "train/in/im_0001_s95_a06.png": "train/gt/im_0001.png",
            "train/in/im_0002_s100_a05.png": "train/gt/im_0002.png",
        },
    ),
    Miniature(
        reader="outdoor_rain",
        split="test",
        tasks=("rain", "haze"),
        folder="Heavy_rain_image_cvpr2019",
        pairs={
            "test_with_train_param_v5/in/im_0601_s80_a04.png": "test_with_train_param_v5/gt/im_0601.png",
        },
    ),
]


@pytest.mark.parametrize("miniature", MINIATURES, ids=str)
def test_published_names_are_paired(miniature: Miniature, tmp_path: Path) -> None:
    assert_read(miniature, tmp_path)
