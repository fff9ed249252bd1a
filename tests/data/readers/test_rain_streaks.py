"""Rain100, Rain200, Rain800, Rain1400, Rain13K under their published names."""

from __future__ import annotations

from pathlib import Path

import pytest

from miniatures import Miniature, assert_read, relative_pairs, write_pictures
from opir.data.readers import open_dataset

_RAIN = ("rain",)

MINIATURES = [
    Miniature(
        reader="rain100l",
        split="test",
        tasks=_RAIN,
        folder="Rain100L",
        pairs={"rainy/rain-001.png": "norain-001.png", "rainy/rain-010.png": "norain-010.png"},
    ),
    Miniature(
        reader="rain100h",
        split="test",
        tasks=_RAIN,
        folder="Rain100H",
        pairs={"rain-001.png": "norain-001.png", "rain-002.png": "norain-002.png"},
    ),
    Miniature(
        reader="rain100l",
        split="train",
        tasks=_RAIN,
        folder="RainTrainL",
        pairs={"rain-2.png": "norain-2.png", "rain-10.png": "norain-10.png"},
    ),
    Miniature(
        reader="rain100h",
        split="test",
        tasks=_RAIN,
        folder="Rain100H",
        open="test",
        pairs={"test/input/norain-1.png": "test/target/norain-1.png"},
    ),
    Miniature(
        reader="rain_streaks",
        split="all",
        tasks=_RAIN,
        folder="Derain",
        pairs={"rainy/rain-1.png": "gt/norain-1.png", "rainy/rain-2.png": "gt/norain-2.png"},
    ),
    Miniature(
        reader="rain200l",
        split="test",
        tasks=_RAIN,
        folder="rain",
        pairs={
            "rain_data_test_Light/rain/X2/norain-1x2.png": "rain_data_test_Light/norain/norain-1.png",
            "rain_data_test_Light/rain/X2/norain-2x2.png": "rain_data_test_Light/norain/norain-2.png",
        },
    ),
    Miniature(
        reader="rain200h",
        split="train",
        tasks=_RAIN,
        folder="Rain200H",
        pairs={"train/input/norain-1x2.png": "train/target/norain-1.png"},
    ),
    Miniature(
        reader="rain800",
        split="test",
        tasks=_RAIN,
        folder="Rain800",
        pairs={"test/input/1.jpg": "test/target/1.jpg", "test/input/12.jpg": "test/target/12.jpg"},
    ),
    Miniature(
        reader="rain1400",
        split="test",
        tasks=_RAIN,
        folder="Rain14000",
        pairs={
            "testing/rainy_image/901_1.jpg": "testing/ground_truth/901.jpg",
            "testing/rainy_image/901_14.jpg": "testing/ground_truth/901.jpg",
        },
    ),
    Miniature(
        reader="rain13k",
        split="train",
        tasks=_RAIN,
        folder="Datasets",
        pairs={"train/Rain13K/input/1.jpg": "train/Rain13K/target/1.jpg"},
    ),
    *(
        Miniature(
            reader="rain13k",
            split=name.lower(),
            tasks=_RAIN,
            folder="Datasets",
            pairs={f"test/{name}/input/1.png": f"test/{name}/target/1.png"},
        )
        for name in ("Test100", "Test1200", "Test2800", "Rain100H", "Rain100L")
    ),
]


@pytest.mark.parametrize("miniature", MINIATURES, ids=str)
def test_published_names_are_paired(miniature: Miniature, tmp_path: Path) -> None:
    assert_read(miniature, tmp_path)


def test_order_is_by_number_not_by_letter(tmp_path: Path) -> None:
    names = [f"{kind}-{n}.png" for n in (100, 9, 11, 1) for kind in ("rain", "norain")]
    image_set = open_dataset(write_pictures(tmp_path / "Rain100L", names))
    assert [pair.name for pair in image_set.pairs] == ["rain-1", "rain-9", "rain-11", "rain-100"]


def test_the_folder_name_decides_between_light_and_heavy_rain(tmp_path: Path) -> None:
    names = ["rain-001.png", "norain-001.png"]
    light = open_dataset(write_pictures(tmp_path / "my_Rain100L_copy", names))
    heavy = open_dataset(write_pictures(tmp_path / "Rain100H-old", names))
    assert (light.reader, heavy.reader) == ("rain100l", "rain100h")


def test_a_test_folder_of_rain13k_opens_by_itself(tmp_path: Path) -> None:
    root = write_pictures(tmp_path, ["test/Test100/input/1.png", "test/Test100/target/1.png"])
    image_set = open_dataset(root / "test" / "Test100")
    assert (image_set.reader, image_set.split) == ("rain13k", "test100")
    assert relative_pairs(image_set, root) == {"test/Test100/input/1.png": "test/Test100/target/1.png"}
