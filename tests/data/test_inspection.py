"""The full look at a split."""

from __future__ import annotations

from math import log10
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from miniatures import write_pictures
from opir.data.inspection import Inspection, inspect
from opir.data.readers import detect
from opir.data.survey import survey_clean


def _save(path: Path, pixels: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels.astype(np.uint8)).save(path)


def _inspect(root: Path) -> Inspection:
    detection = detect(root)
    (scan,) = detection.scans
    return inspect(detection.reader.image_set(detection.root, scan), scan.problems)


def test_a_sound_set_has_counts_sizes_tasks_and_no_complaints(tmp_path: Path) -> None:
    root = write_pictures(tmp_path / "x", [f"{kind}/{n}.png" for kind in ("noisy", "clean") for n in range(3)])
    found = _inspect(root)
    assert found.is_sound
    assert [(size.width, size.height, size.count) for size in found.sizes] == [(12, 8, 3)]
    assert found.tasks == (("noise", 3),)
    assert (found.problems, found.duplicates, found.alike, found.unchanged) == ((), (), (), ())


def test_psnr_of_the_inputs_is_the_mean_in_db_over_pairs(tmp_path: Path) -> None:
    clean = np.full((6, 5, 3), 100)
    for name, error in (("a", 10), ("b", 20), ("c", 0)):
        clean[0, 0] += 1
        _save(tmp_path / "x" / "clean" / f"{name}.png", clean)
        _save(tmp_path / "x" / "noisy" / f"{name}.png", clean + error)
    found = _inspect(tmp_path / "x")
    one, two = (20 * log10(255 / error) for error in (10, 20))
    assert found.quality is not None
    assert found.quality.mean_db == pytest.approx((one + two) / 2, abs=1e-9)
    assert (found.quality.worst_name, found.quality.n_pairs) == ("b", 2)
    assert found.quality.worst_db == pytest.approx(two)
    assert found.unchanged == ("c",)


def test_the_border_of_reside_is_left_out_of_the_psnr(tmp_path: Path) -> None:
    inside = np.full((30, 40, 3), 60)
    framed = np.full((50, 60, 3), 255)
    framed[10:-10, 10:-10] = 60
    _save(tmp_path / "SOTS/indoor/hazy/1400_1.png", inside + 10)
    _save(tmp_path / "SOTS/indoor/gt/1400.png", framed)
    found = _inspect(tmp_path / "SOTS")
    assert found.is_sound
    assert found.quality is not None
    assert found.quality.mean_db == pytest.approx(20 * log10(255 / 10))


def test_the_same_degraded_picture_twice_is_wrong_a_repeated_reference_is_a_note(tmp_path: Path) -> None:
    root = write_pictures(tmp_path / "x", [f"{kind}/{n}.png" for kind in ("rain", "clean") for n in range(3)])
    (root / "clean" / "2.png").write_bytes((root / "clean" / "0.png").read_bytes())
    noted = _inspect(root)
    assert noted.is_sound
    assert [[path.name for path in group] for group in noted.repeated_references] == [["0.png", "2.png"]]
    Image.open(root / "rain" / "0.png").save(root / "rain" / "1.bmp")
    (root / "rain" / "1.png").unlink()
    wrong = _inspect(root)
    assert not wrong.is_sound
    assert [[path.name for path in group] for group in wrong.duplicates] == [["0.png", "1.bmp"]]


def test_one_reference_of_many_pictures_is_no_duplicate(tmp_path: Path) -> None:
    names = ["hazy/1_1.png", "hazy/1_2.png", "gt/1.png"]
    found = _inspect(write_pictures(tmp_path / "x", names))
    assert found.is_sound
    assert found.repeated_references == ()


def test_duplicates_among_clean_pictures_are_wrong(tmp_path: Path) -> None:
    root = write_pictures(tmp_path / "holidays", ["1.png", "2.png"])
    (root / "3.png").write_bytes((root / "1.png").read_bytes())
    found = _inspect(root)
    assert not found.is_sound
    assert [[path.name for path in group] for group in found.duplicates] == [["1.png", "3.png"]]
    assert found.quality is None


def test_damage_behind_the_header_is_found(tmp_path: Path) -> None:
    root = write_pictures(tmp_path / "x", [f"{kind}/{n}.png" for kind in ("lq", "gt") for n in range(3)])
    (root / "lq" / "1.png").write_bytes((root / "lq" / "1.png").read_bytes()[:-60])
    found = _inspect(root)
    assert [(problem.kind, problem.path.name) for problem in found.problems] == [("unreadable", "1.png")]
    assert found.quality is not None
    assert found.quality.n_pairs == 2
    assert not found.is_sound


def test_overlap_with_another_folder_is_wrong(tmp_path: Path) -> None:
    root = write_pictures(tmp_path / "x", [f"{kind}/{n}.png" for kind in ("lq", "gt") for n in range(3)])
    image_set = detect(root).reader.image_set(root, detect(root).scans[0])
    write_pictures(tmp_path / "test", ["other.png"])
    Image.open(root / "gt" / "2.png").save(tmp_path / "test" / "leak.bmp")
    other = list(survey_clean(sorted((tmp_path / "test").iterdir())).clean.values())
    found = inspect(image_set, against=other)
    assert not found.is_sound
    assert found.overlap == ((root / "gt" / "2.png", tmp_path / "test" / "leak.bmp"),)
    assert inspect(image_set, against=other[1:]).is_sound


def test_every_file_is_counted_once(tmp_path: Path) -> None:
    names = [*(f"hazy/{scene}_{n}.png" for scene in (1, 2) for n in (1, 2, 3)), "gt/1.png", "gt/2.png"]
    detection = detect(write_pictures(tmp_path / "x", names))
    counts: list[int] = []
    inspect(detection.reader.image_set(detection.root, detection.scans[0]), on_files=counts.append)
    assert counts == [4, 4]
