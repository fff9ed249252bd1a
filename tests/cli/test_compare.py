"""``opir compare``: pairs found by name, measured at full size, drawn on one sheet."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from opir.cli.main import app


def compare(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["compare", *map(str, arguments)])


def write(path: Path, level: int, size: tuple[int, int] = (30, 40)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((*size, 3), level, np.uint8)).save(path)
    return path


def colours(path: Path) -> set[tuple[int, ...]]:
    with Image.open(path) as image:
        return {tuple(colour) for colour in np.asarray(image.convert("RGB")).reshape(-1, 3).tolist()}


def test_two_pictures(tmp_path: Path) -> None:
    first, second = write(tmp_path / "a.png", 100), write(tmp_path / "b.png", 110)
    result = compare(first, second, "-o", tmp_path / "sheet.png")
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[0] == "a.png: PSNR 28.13 dB, mean 10.00 of 255"
    assert {(100, 100, 100), (110, 110, 110)} <= colours(tmp_path / "sheet.png")


def test_folders_are_matched_by_path_then_without_suffix(tmp_path: Path) -> None:
    for name in ("same.png", "sub/other.png", "alone.png", "twice.png"):
        write(tmp_path / "A" / name, 10)
    for name in ("same.png", "sub/other.bmp", "twice.bmp", "twice.tif"):
        write(tmp_path / "B" / name, 10)
    result = compare(tmp_path / "A", tmp_path / "B", "-o", tmp_path / "sheet.png")
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines() == [
        "same.png: identical",
        "sub/other.png: identical",
        f"{tmp_path}/sheet.png: 2 pairs, 4 files without a partner",
    ]


def test_the_difference_has_one_scale_for_all_rows(tmp_path: Path) -> None:
    for name, level in (("a.png", 120), ("b.png", 150)):
        write(tmp_path / "A" / name, 100)
        write(tmp_path / "B" / name, level)
    plain, shown = tmp_path / "plain.png", tmp_path / "shown.png"
    assert compare(tmp_path / "A", tmp_path / "B", "-o", plain).exit_code == 0
    assert compare(tmp_path / "A", tmp_path / "B", "-o", shown, "--difference").exit_code == 0
    with Image.open(plain) as one, Image.open(shown) as other:
        assert other.width == one.width + 44
        assert other.height == one.height
        column = np.asarray(other)[:, one.width + 10]
    assert not np.array_equal(column[24 + 15], column[24 + 34 + 15]), "20 and 50 levels have different colours"


def test_different_sizes_are_shown_without_numbers(tmp_path: Path) -> None:
    first, second = write(tmp_path / "a.png", 1), write(tmp_path / "b.png", 1, (10, 10))
    result = compare(first, second, "-o", tmp_path / "sheet.png", "--difference")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[0] == "a.png: sizes differ"


def test_large_pictures_are_reduced_but_measured_in_full(tmp_path: Path) -> None:
    first, second = write(tmp_path / "a.png", 100, (500, 700)), write(tmp_path / "b.png", 100, (500, 700))
    with Image.open(second) as image:
        image.putpixel((5, 5), (0, 0, 0))
        image.save(second)
    assert "identical" not in compare(first, second, "-o", tmp_path / "sheet.png").stdout
    with Image.open(tmp_path / "sheet.png") as image:
        assert image.width < 130 + 2 * 330


def test_a_broken_pair_is_left_out(tmp_path: Path) -> None:
    for folder in ("A", "B"):
        write(tmp_path / folder / "good.png", 5)
        (tmp_path / folder / "bad.png").write_text("no picture")
    result = compare(tmp_path / "A", tmp_path / "B", "-o", tmp_path / "sheet.png")
    assert result.exit_code == 1
    assert len(result.stderr.splitlines()) == 1
    assert "good.png: identical" in result.stdout
    assert (tmp_path / "sheet.png").exists()


def test_no_more_rows_than_asked_for(tmp_path: Path) -> None:
    for folder in ("A", "B"):
        for index in range(3):
            write(tmp_path / folder / f"{index}.png", 5)
    result = compare(tmp_path / "A", tmp_path / "B", "-o", tmp_path / "sheet.png", "--rows", 2)
    assert result.stdout.splitlines()[-1] == f"{tmp_path}/sheet.png: 2 pairs, 1 more pairs left out"


@pytest.mark.parametrize(("other", "code"), [("folder", 2), ("empty", 1), ("missing.png", 1)])
def test_what_cannot_be_compared(tmp_path: Path, other: str, code: int) -> None:
    picture = write(tmp_path / "a.png", 1)
    (tmp_path / "folder").mkdir()
    (tmp_path / "empty").mkdir()
    first = tmp_path / "folder" if other == "empty" else picture
    assert compare(first, tmp_path / other, "-o", tmp_path / "sheet.png").exit_code == code
    assert not (tmp_path / "sheet.png").exists()


def test_an_existing_sheet_needs_overwrite(tmp_path: Path) -> None:
    picture = write(tmp_path / "a.png", 1)
    (tmp_path / "sheet.png").write_bytes(b"precious")
    assert compare(picture, picture, "-o", tmp_path / "sheet.png").exit_code == 1
    assert (tmp_path / "sheet.png").read_bytes() == b"precious"
    assert compare(picture, picture, "-o", tmp_path / "sheet.png", "--overwrite").exit_code == 0
