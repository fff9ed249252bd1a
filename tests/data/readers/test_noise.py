"""SIDD, PolyU and CC15 under their published names."""

from __future__ import annotations

from pathlib import Path

import pytest

from miniatures import Miniature, assert_read

_NOISE = ("noise",)
_SCENE = "0001_001_S6_00100_00060_3200_L"

MINIATURES = [
    Miniature(
        reader="sidd",
        split="small",
        tasks=_NOISE,
        folder="SIDD_Small_sRGB_Only",
        pairs={f"Data/{_SCENE}/NOISY_SRGB_010.PNG": f"Data/{_SCENE}/GT_SRGB_010.PNG"},
    ),
    Miniature(
        reader="sidd",
        split="medium",
        tasks=_NOISE,
        folder="SIDD_Medium_Srgb",
        pairs={
            f"Data/{_SCENE}/0001_NOISY_SRGB_010.PNG": f"Data/{_SCENE}/0001_GT_SRGB_010.PNG",
            f"Data/{_SCENE}/0001_NOISY_SRGB_011.PNG": f"Data/{_SCENE}/0001_GT_SRGB_011.PNG",
        },
    ),
    Miniature(
        reader="polyu",
        split="cropped",
        tasks=_NOISE,
        folder="PolyU-Real-World-Noisy-Images-Dataset",
        pairs={
            "CroppedImages/Canon5D2_5_160_3200_chair_1_real.JPG": (
                "CroppedImages/Canon5D2_5_160_3200_chair_1_mean.JPG"
            ),
            "CroppedImages/Canon5D2_5_160_3200_chair_10_real.JPG": (
                "CroppedImages/Canon5D2_5_160_3200_chair_10_mean.JPG"
            ),
        },
    ),
    Miniature(
        reader="cc15",
        split="all",
        tasks=_NOISE,
        folder="ccnoise_denoised_part",
        pairs={
            "5dmark3_iso3200_1_real.png": "5dmark3_iso3200_1_mean.png",
            "d800_iso6400_3_real.png": "d800_iso6400_3_mean.png",
        },
    ),
]


@pytest.mark.parametrize("miniature", MINIATURES, ids=str)
def test_published_names_are_paired(miniature: Miniature, tmp_path: Path) -> None:
    assert_read(miniature, tmp_path)
