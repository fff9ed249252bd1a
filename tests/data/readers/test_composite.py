"""CDD-11 and AllWeather: several tasks in one data set."""

from __future__ import annotations

from pathlib import Path

import pytest

from miniatures import relative_pairs, write_pictures
from opir.data.readers import open_dataset

CDD_TASKS = {
    "low": ("low_light",),
    "haze": ("haze",),
    "rain": ("rain",),
    "snow": ("snow",),
    "low_haze": ("low_light", "haze"),
    "low_rain": ("low_light", "rain"),
    "low_snow": ("low_light", "snow"),
    "haze_rain": ("haze", "rain"),
    "haze_snow": ("haze", "snow"),
    "low_haze_rain": ("low_light", "haze", "rain"),
    "low_haze_snow": ("low_light", "haze", "snow"),
}


@pytest.mark.parametrize("opened", ["", "CDD-11_test"])
def test_cdd11_labels_every_folder_with_its_degradations(tmp_path: Path, opened: str) -> None:
    folders = [*CDD_TASKS, "clear"]
    write_pictures(tmp_path, [f"CDD-11_test/{f}/{n}.png" for f in folders for n in ("00001", "00002")])
    image_set = open_dataset(tmp_path / opened)
    assert (image_set.reader, image_set.split, len(image_set)) == ("cdd11", "test", 22)
    assert {pair.name: pair.tasks for pair in image_set.pairs if "00002" in pair.name} == {
        f"{folder}/00002": tasks for folder, tasks in CDD_TASKS.items()
    }
    assert {pair.clean.relative_to(tmp_path).as_posix() for pair in image_set.pairs} == {
        "CDD-11_test/clear/00001.png",
        "CDD-11_test/clear/00002.png",
    }


def test_all_weather_tells_the_task_from_the_file_name(tmp_path: Path) -> None:
    names = ["im_0001_s80_a04.png", "12_rain.png", "beautiful_smile_00003.jpg"]
    files = [f"allweather/{folder}/{name}" for folder in ("input", "gt") for name in names]
    image_set = open_dataset(write_pictures(tmp_path, files))
    assert image_set.reader == "all_weather"
    assert {pair.name: pair.tasks for pair in image_set.pairs} == {
        "im_0001_s80_a04": ("rain", "haze"),
        "12_rain": ("rain",),
        "beautiful_smile_00003": ("snow",),
    }


def test_all_weather_also_takes_the_names_of_its_sources(tmp_path: Path) -> None:
    root = tmp_path / "allweather"
    write_pictures(root, ["input/im_0001_s80_a04.png", "gt/im_0001.png", "input/3_rain.png", "gt/3_clean.png"])
    assert relative_pairs(open_dataset(root), root) == {
        "input/3_rain.png": "gt/3_clean.png",
        "input/im_0001_s80_a04.png": "gt/im_0001.png",
    }
