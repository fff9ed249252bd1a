from __future__ import annotations

import struct

import pytest
from PIL import Image

from opir.imaging.exif import exif_orientation, upright_exif, without_prefix


def loaded(block: bytes) -> Image.Exif:
    exif = Image.Exif()
    exif.load(block)
    return exif


def little_endian(orientation: int, kind: int = 3) -> bytes:
    """A block made by hand: orientation, and a pointer to a thumbnail's directory."""
    value = struct.pack("<HH" if kind == 3 else "<I", *([orientation, 0] if kind == 3 else [orientation]))
    return (
        b"II*\0\x08\0\0\0\x01\0"
        + struct.pack("<HHI", 0x0112, kind, 1)
        + value
        + struct.pack("<I", 26)
        + b"\0\0\0\0\0\0"
    )


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", [3, 4])
def test_orientation_in_either_byte_order_and_type(exif, orientation, kind):
    for block in (exif(orientation), little_endian(orientation, kind)):
        assert exif_orientation(block) == orientation
        assert exif_orientation(upright_exif(block, orientation)) == 1


def test_orientation_missing_or_damaged(exif):
    assert exif_orientation(exif()) is None
    for damaged in (b"", b"II", b"XX*\0\x08\0\0\0", b"II*\0\xff\xff\0\0", exif(6)[:12]):
        assert exif_orientation(damaged) is None
        assert upright_exif(damaged, 6) == damaged


def test_only_the_orientation_changes(exif):
    block = exif(3)
    changed = upright_exif(block, 3)
    differing = [index for index, pair in enumerate(zip(block, changed, strict=True)) if pair[0] != pair[1]]
    assert len(differing) == 1
    before, after = loaded(block), loaded(changed)
    for group in (0x8769, 0x8825):
        assert dict(after.get_ifd(group)) == dict(before.get_ifd(group))


def test_a_quarter_turn_exchanges_sides_and_resolutions(exif):
    block = loaded(upright_exif(exif(6), 6))
    assert (block[0x011A], block[0x011B]) == (150.0, 300.0)
    assert (block.get_ifd(0x8769)[0xA002], block.get_ifd(0x8769)[0xA003]) == (3000, 4000)
    assert block.get_ifd(0x8769)[0x927C] == b"private notes of the maker"


def test_the_stale_thumbnail_is_unlinked():
    block = little_endian(1)
    assert struct.unpack_from("<I", block, 22) == (26,)
    assert struct.unpack_from("<I", upright_exif(block, 1), 22) == (0,)


def test_prefix_is_taken_off_once():
    assert without_prefix(b"Exif\0\0II*\0") == b"II*\0"
    assert without_prefix(b"II*\0") == b"II*\0"
