"""Recognising data sets by the names of folders."""

from __future__ import annotations

from pathlib import Path

import pytest

from miniatures import write_pictures
from opir.data.readers import detect
from opir.data.readers.scanning import is_named


@pytest.mark.parametrize(
    ("name", "alias", "expected"),
    [
        ("Rain100L", "rain100l", True),
        ("my Rain100L (old)", "rain100l", True),
        ("Rain100L_old", "rain100l", True),
        ("CDD-11_train", "cdd11", True),
        ("Rain100H", "rain100l", False),
        ("SOTS", "ots", False),
        ("bits", "its", False),
        ("itsy", "its", False),
        ("ITS-v2", "its", True),
        ("", "its", False),
    ],
)
def test_a_name_counts_as_whole_as_word_or_as_beginning(name: str, alias: str, expected: bool) -> None:
    assert is_named([name], [alias]) is expected


def test_the_own_name_outranks_the_name_of_the_folder_above(tmp_path: Path) -> None:
    files = ["hazy/0001_0.8_0.2.jpg", "clear/0001.jpg"]
    assert detect(write_pictures(tmp_path / "OTS" / "SOTS", files)).reader.name == "sots"
    assert detect(write_pictures(tmp_path / "SOTS" / "OTS", files)).reader.name == "ots"


def test_a_layout_that_explains_less_than_half_of_a_folder_is_not_taken(tmp_path: Path) -> None:
    files = ["1_real.png", "1_mean.png", *(f"photo{n}.png" for n in range(3))]
    assert detect(write_pictures(tmp_path / "x", files)).reader.name == "pictures"


def test_strangers_beside_the_pairs_are_told(tmp_path: Path) -> None:
    files = ["data/1_rain.png", "gt/1_clean.png", "data/2_rain.png", "gt/2_clean.png", "data/new.png"]
    (scan,) = detect(write_pictures(tmp_path / "x", files)).scans
    assert [(problem.kind, problem.path.name) for problem in scan.problems] == [("unknown name", "new.png")]
