"""The table of formats in the guide says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from opir.imaging import FORMATS, Metadata, Photo, encode_photo, read_photo
from opir.imaging.formats import READ_ONLY_FORMATS

GUIDE = (Path(__file__).parents[2] / "docs" / "guide" / "pictures.md").read_text(encoding="utf-8")
ROWS = {
    cells[0].upper(): cells[1:]
    for line in GUIDE.split("## Formats that are only read")[0].splitlines()
    if line.startswith("| ") and not line.startswith("| format")
    for cells in [[cell.strip() for cell in line.strip("|").split("|")]]
}
FIELDS = {"ICC": "icc_profile", "EXIF": "exif", "XMP": "xmp", "IPTC": "iptc", "DPI": "dpi"}


def test_every_format_has_its_row():
    assert list(ROWS) == list(FORMATS)
    for suffixes in READ_ONLY_FORMATS.values():
        assert re.search(suffixes[0].removeprefix("."), GUIDE, re.IGNORECASE)


@pytest.mark.parametrize("format", list(FORMATS))
def test_the_row_is_true(format, exif):
    bits, transparency, metadata, several = ROWS[format]
    kind = FORMATS[format]
    assert max(map(int, re.findall(r"\d+", bits))) == kind.max_bits
    assert transparency == ("yes" if kind.keeps_alpha else "no")
    assert several.startswith(kind.several or "no")
    full = Metadata(exif=exif(1), xmp=b"<x/>", icc_profile=b"profile" * 30, iptc=b"\x1c\2\5\0\1a", dpi=(300.0, 300.0))
    back = read_photo(encode_photo(Photo(pixels=np.zeros((16, 16, 3), np.uint8), metadata=full), format)).metadata
    kept = [name for name, field in FIELDS.items() if getattr(back, field) is not None]
    assert kept == [name.strip() for name in metadata.split(",") if name.strip()]
