"""Sizes and failures from file headers."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from miniatures import write_picture
from opir.data.verification import header_size


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".tif", ".bmp", ".ppm"])
def test_width_comes_first(tmp_path: Path, suffix: str) -> None:
    write_picture(tmp_path / f"a{suffix}", (9, 5))
    assert header_size(tmp_path / f"a{suffix}") == (9, 5)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".tif"])
@pytest.mark.parametrize(("orientation", "expected"), [(1, (9, 5)), (3, (9, 5)), (6, (5, 9)), (8, (5, 9))])
def test_orientation_is_applied(tmp_path: Path, suffix: str, orientation: int, expected: tuple[int, int]) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.new("RGB", (9, 5)).save(tmp_path / f"a{suffix}", exif=exif)
    assert header_size(tmp_path / f"a{suffix}") == expected


def test_the_reason_is_given_where_there_is_no_size(tmp_path: Path) -> None:
    (tmp_path / "text.png").write_text("hello")
    write_picture(tmp_path / "cut.png")
    (tmp_path / "cut.png").write_bytes((tmp_path / "cut.png").read_bytes()[:20])
    assert "cannot identify" in str(header_size(tmp_path / "text.png"))
    assert isinstance(header_size(tmp_path / "cut.png"), str)
    assert isinstance(header_size(tmp_path / "missing.png"), str)
