"""RESIDE (ITS, OTS, SOTS) and the NTIRE sets under their published names."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from miniatures import Miniature, assert_read, write_picture, write_pictures
from opir.data.pairs import read_pair
from opir.data.readers import open_dataset
from opir.errors import DatasetError
from opir.imaging import read_photo

_HAZE = ("haze",)

MINIATURES = [
    Miniature(
        reader="sots",
        split="outdoor",
        tasks=_HAZE,
        folder="SOTS",
        pairs={
            "outdoor/hazy/0001_0.8_0.2.jpg": "outdoor/gt/0001.png",
            "outdoor/hazy/0002_0.8_0.08.jpg": "outdoor/gt/0002.png",
            "outdoor/hazy/0010_1_0.12.jpg": "outdoor/gt/0010.png",
        },
    ),
    Miniature(
        reader="sots",
        split="indoor",
        tasks=_HAZE,
        folder="SOTS",
        open="indoor",
        pairs={
            "indoor/hazy/1400_1.png": "indoor/gt/1400.png",
            "indoor/hazy/1400_2.png": "indoor/gt/1400.png",
            "indoor/hazy/1400_10.png": "indoor/gt/1400.png",
        },
    ),
    Miniature(
        reader="sots",
        split="indoor",
        tasks=_HAZE,
        folder="SOTS",
        pairs={"indoor/nyuhaze500/hazy/1449_3.png": "indoor/nyuhaze500/gt/1449.png"},
        other_files=("outdoor/hazy/0001_0.8_0.2.jpg", "outdoor/gt/0001.png"),
    ),
    Miniature(
        reader="its",
        split="train",
        tasks=_HAZE,
        folder="ITS",
        pairs={
            "train/hazy/1_1_0.90179.png": "train/clear/1.png",
            "train/hazy/2_10_0.76381.png": "train/clear/2.png",
        },
        other_files=("train/trans/1_1.png",),
    ),
    Miniature(
        reader="its",
        split="train",
        tasks=_HAZE,
        folder="ITS_v2",
        pairs={"hazy/12_4_0.61935.png": "clear/12.png"},
    ),
    Miniature(
        reader="ots",
        split="train",
        tasks=_HAZE,
        folder="OTS",
        pairs={"hazy/0005_0.8_0.04.jpg": "clear/0005.jpg", "hazy/0005_1_0.2.jpg": "clear/0005.jpg"},
        other_files=("clear/0006.jpg",),
    ),
    Miniature(
        reader="ots",
        split="train",
        tasks=_HAZE,
        folder="Dehaze",
        pairs={
            "synthetic/part1/0025_0.8_0.1.jpg": "original/0025.jpg",
            "synthetic/part2/2061_0.85_0.16.jpg": "original/2061.jpg",
        },
    ),
    Miniature(
        reader="i_haze",
        split="all",
        tasks=_HAZE,
        folder="# I-HAZY NTIRE 2018",
        pairs={"hazy/01_indoor_hazy.jpg": "GT/01_indoor_GT.jpg"},
    ),
    Miniature(
        reader="o_haze",
        split="all",
        tasks=_HAZE,
        folder="anything",
        pairs={
            "hazy/01_outdoor_hazy.jpg": "GT/01_outdoor_GT.jpg",
            "hazy/45_outdoor_hazy.jpg": "GT/45_outdoor_GT.jpg",
        },
    ),
    Miniature(
        reader="dense_haze",
        split="all",
        tasks=_HAZE,
        folder="Dense_Haze_NTIRE19",
        pairs={"hazy/01_hazy.png": "GT/01_GT.png", "hazy/55_hazy.png": "GT/55_GT.png"},
    ),
    Miniature(
        reader="nh_haze",
        split="all",
        tasks=_HAZE,
        folder="NH-HAZE",
        pairs={"01_hazy.png": "01_GT.png", "02_hazy.png": "02_GT.png"},
    ),
    Miniature(
        reader="nh_haze",
        split="all",
        tasks=_HAZE,
        folder="NH-HAZE-folders",
        pairs={"hazy/01_hazy.png": "GT/01_GT.png"},
    ),
]


@pytest.mark.parametrize("miniature", MINIATURES, ids=str)
def test_published_names_are_paired(miniature: Miniature, tmp_path: Path) -> None:
    assert_read(miniature, tmp_path)


def test_the_white_border_of_the_indoor_references_is_cropped(tmp_path: Path) -> None:
    write_picture(tmp_path / "SOTS/indoor/hazy/1400_1.png", (30, 25))
    write_picture(tmp_path / "SOTS/indoor/gt/1400.png", (50, 45))
    pair = open_dataset(tmp_path / "SOTS", split="indoor").pairs[0]
    degraded, clean = read_pair(pair)
    assert degraded.pixels.shape == clean.pixels.shape == (25, 30, 3)
    whole = open_dataset(tmp_path / "SOTS/indoor/gt", "pictures").clean_images[0].path
    assert np.array_equal(clean.pixels, read_photo(whole).pixels[10:-10, 10:-10])


def test_another_difference_in_size_is_an_error(tmp_path: Path) -> None:
    write_picture(tmp_path / "SOTS/indoor/hazy/1400_1.png", (30, 25))
    write_picture(tmp_path / "SOTS/indoor/gt/1400.png", (48, 43))
    with pytest.raises(DatasetError, match=r"sizes differ: indoor/hazy/1400_1\.png \(30x25, .* 48x43\)"):
        open_dataset(tmp_path / "SOTS", split="indoor")


def test_clean_pictures_of_ots_without_haze_are_normal_but_not_in_sots(tmp_path: Path) -> None:
    names = ["hazy/0001_0.8_0.2.jpg", "clear/0001.jpg", "clear/0002.jpg"]
    assert len(open_dataset(write_pictures(tmp_path / "OTS", names))) == 1
    with pytest.raises(DatasetError, match=r"no degraded partner: clear/0002\.jpg"):
        open_dataset(write_pictures(tmp_path / "SOTS", names))
