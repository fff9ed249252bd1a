from __future__ import annotations

import os

import pytest

from opir.errors import OutputError
from opir.imaging import FORMATS, READABLE_SUFFIXES, check_output_path


@pytest.mark.parametrize("name", ["photo", "photo.", "photo.psd", "photo.png.bak", ".png"])
def test_unknown_suffix_is_found_before_any_work(tmp_path, name):
    with pytest.raises(OutputError, match=r"must end in one of \.png"):
        check_output_path(tmp_path / name)


@pytest.mark.parametrize("name", ["photo.gif", "photo.HEIC", "photo.jxl", "photo.nef"])
def test_what_is_only_read_says_what_to_write_instead(tmp_path, name):
    with pytest.raises(OutputError, match=r"read but not written: .*\.png"):
        check_output_path(tmp_path / name)
    assert (tmp_path / name).suffix.lower() in READABLE_SUFFIXES


def test_every_suffix_leads_to_its_format(tmp_path):
    for kind in FORMATS.values():
        for suffix in kind.suffixes:
            assert check_output_path(tmp_path / ("photo" + suffix.upper())) is kind
            assert suffix in READABLE_SUFFIXES


def test_transparency_needs_a_format_that_has_it(tmp_path):
    for suffix in (".png", ".webp", ".tif"):
        check_output_path(tmp_path / ("photo" + suffix), transparent=True)
    for suffix in (".jpg", ".bmp", ".ppm"):
        with pytest.raises(OutputError, match=r"photo.*PNG, WebP or TIFF"):
            check_output_path(tmp_path / ("photo" + suffix), transparent=True)


def test_size_limits(tmp_path):
    check_output_path(tmp_path / "photo.webp", size=(16_383, 1))
    with pytest.raises(OutputError, match="1 × 16384"):
        check_output_path(tmp_path / "photo.webp", size=(1, 16_384))
    with pytest.raises(OutputError, match="65500"):
        check_output_path(tmp_path / "photo.jpg", size=(70_000, 1))


def test_unusable_places(tmp_path, monkeypatch):
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(OutputError, match="is a folder"):
        check_output_path(tmp_path / "folder.png")
    with pytest.raises(OutputError, match="does not exist"):
        check_output_path(tmp_path / "missing" / "photo.png")
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="does not exist"):
        check_output_path(tmp_path / "file" / "photo.png")
    with pytest.raises(OutputError):
        check_output_path(tmp_path / ("x" * 5000 + ".png"))
    monkeypatch.setattr(os, "access", lambda *args: False)
    with pytest.raises(OutputError, match="no permission"):
        check_output_path(tmp_path / "photo.png")
