from __future__ import annotations

import io
import struct

import numpy as np
import pytest
import tifffile
from PIL import Image

from opir.imaging.exif_in_tiff import append_exif, byte_order_of
from opir.imaging.ifd import BrokenDirectoryError


def test_independent_readers_find_all_fields(exif, tiff, noise):
    block = exif(1)
    pixels = noise(6, 7, 3)
    order = byte_order_of(block)
    file = append_exif(tiff(pixels, photometric="rgb", byteorder=order), block)
    before = Image.Exif()
    before.load(block)
    image = Image.open(io.BytesIO(file))
    image.load()
    after = image.getexif()
    np.testing.assert_array_equal(np.asarray(image), pixels)
    assert after[0x010E] == before[0x010E]
    for group in (0x8769, 0x8825):
        assert dict(after.get_ifd(group)) == dict(before.get_ifd(group))
    with tifffile.TiffFile(io.BytesIO(file)) as other:
        np.testing.assert_array_equal(other.asarray(), pixels)
        tags = other.pages[0].tags
        assert tags["ExifTag"].value["DateTimeOriginal"] == "2026:10:03 11:22:33"
        assert tags["GPSTag"].value["GPSLatitudeRef"] == "N"


def test_fields_are_sorted_as_the_format_demands(exif, tiff, noise):
    block = exif(1)
    file = append_exif(tiff(noise(6, 7), byteorder=byte_order_of(block)), block)
    with tifffile.TiffFile(io.BytesIO(file)) as other:
        codes = [tag.code for tag in other.pages[0].tags]
    assert codes == sorted(codes)
    assert 0x8769 in codes


def test_interoperability_directory_moves_along(tiff, noise):
    # main directory at 8, exposure directory at 26, interoperability directory at 44
    block = (
        b"II*\0\x08\0\0\0"
        + struct.pack("<HHHIII", 1, 0x8769, 4, 1, 26, 0)
        + struct.pack("<HHHIII", 1, 0xA005, 4, 1, 44, 0)
        + struct.pack("<HHHI4sI", 1, 0x0001, 2, 4, b"R98\0", 0)
    )
    file = append_exif(tiff(noise(6, 7), byteorder="<"), block)
    assert Image.open(io.BytesIO(file)).getexif().get_ifd(0xA005) == {1: "R98"}


def test_directories_in_a_circle_do_not_hang(tiff, noise):
    block = b"II*\0\x08\0\0\0" + struct.pack("<HHHIII", 1, 0x8769, 4, 1, 26, 0)
    block += struct.pack("<HHHIII", 1, 0xA005, 4, 1, 26, 0)
    assert append_exif(tiff(noise(6, 7), byteorder="<"), block)


def test_byte_orders_must_agree(exif, tiff, noise):
    block = exif(1)
    other = {"<": ">", ">": "<"}[byte_order_of(block)]
    with pytest.raises(BrokenDirectoryError):
        append_exif(tiff(noise(6, 7), byteorder=other), block)


@pytest.mark.parametrize("position", [60, 0xFFFF_FFFF])
def test_a_description_outside_of_the_block_is_left_out(tiff, noise, position):
    pixels = noise(6, 7, 3)
    block = b"II*\0\x08\0\0\0" + struct.pack("<HHHIIHHI4s", 2, 0x010E, 2, 300, position, 0x010F, 2, 4, b"OWN\0")
    file = append_exif(tiff(pixels, photometric="rgb", byteorder="<"), block + bytes(4))
    image = Image.open(io.BytesIO(file))
    np.testing.assert_array_equal(np.asarray(image), pixels)
    assert dict(image.getexif()).get(0x010F) == "OWN"
    assert "description" not in str(dict(image.getexif()).get(0x010E, ""))


def test_an_exposure_field_outside_of_the_block_refuses_it(tiff, noise):
    block = b"II*\0\x08\0\0\0" + struct.pack("<HHHIII", 1, 0x8769, 4, 1, 26, 0)
    block += struct.pack("<HHHIII", 1, 0x9003, 2, 20, 4000, 0)
    with pytest.raises(BrokenDirectoryError, match="0x9003"):
        append_exif(tiff(noise(6, 7), byteorder="<"), block)
