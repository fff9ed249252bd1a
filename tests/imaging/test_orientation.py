from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from opir.imaging import read_photo
from opir.imaging.orientation import turn_upright, upright_xmp, xmp_orientation

UPRIGHT = [[1, 2, 3], [4, 5, 6]]
# What the file stores for each value of the tag, from the standard's description of row 0 and column 0.
STORED = {
    1: [[1, 2, 3], [4, 5, 6]],
    2: [[3, 2, 1], [6, 5, 4]],
    3: [[6, 5, 4], [3, 2, 1]],
    4: [[4, 5, 6], [1, 2, 3]],
    5: [[1, 4], [2, 5], [3, 6]],
    6: [[3, 6], [2, 5], [1, 4]],
    7: [[6, 3], [5, 2], [4, 1]],
    8: [[4, 1], [5, 2], [6, 3]],
}


@pytest.mark.parametrize("orientation", range(1, 9))
def test_turn_upright(orientation):
    stored = np.array(STORED[orientation], np.uint8)
    turned = turn_upright(stored, orientation)
    assert turned.tolist() == UPRIGHT
    assert turned.flags.c_contiguous
    assert turn_upright(stored[..., None], orientation)[..., 0].tolist() == UPRIGHT


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_files_come_upright_once_with_the_tag_reset(encode, exif, format, orientation):
    # blocks of 16 pixels, so that JPEG does not blur them into each other
    stored = np.kron(np.array(STORED[orientation]) * 40, np.ones((16, 16))).astype(np.uint8)
    stored = np.repeat(stored[..., None], 3, axis=2)
    data = encode(stored, format, exif=b"Exif\0\0" + exif(orientation))
    for source in (data, Image.open(io.BytesIO(data))):
        photo = read_photo(source)
        assert photo.pixels.shape == (32, 48, 3)
        np.testing.assert_allclose(photo.pixels[8::16, 8::16, 0], np.array(UPRIGHT) * 40, atol=8)
        block = Image.Exif()
        block.load(photo.metadata.exif)
        assert block.get(0x0112, 1) == 1


def test_alpha_turns_with_the_pixels(encode, exif):
    stored = np.zeros((3, 2, 4), np.uint8)
    stored[..., 0] = stored[..., 3] = STORED[6]
    photo = read_photo(encode(stored, "PNG", exif=b"Exif\0\0" + exif(6)))
    assert photo.pixels[..., 0].tolist() == UPRIGHT
    assert photo.alpha.tolist() == UPRIGHT


@pytest.mark.parametrize("value", [0, 9, 65535])
def test_reserved_orientation_is_not_turned(noise, encode, exif, value):
    pixels = noise(4, 6, 3)
    photo = read_photo(encode(pixels, "PNG", exif=b"Exif\0\0" + exif(value)))
    np.testing.assert_array_equal(photo.pixels, pixels)


@pytest.mark.parametrize("template", ['<a tiff:Orientation="%d"/>', "<tiff:Orientation>%d</tiff:Orientation>"])
def test_xmp_orientation(template):
    packet = (template % 6).encode()
    assert xmp_orientation(packet) == 6
    assert upright_xmp(packet) == (template % 1).encode()
    assert xmp_orientation(b"<a/>") == 1
    assert xmp_orientation(b'<a tiff:Orientation="9"/>') == 1


def test_exif_decides_before_xmp(encode, exif):
    packet = b'<a tiff:Orientation="3"/>'
    stored = np.array(STORED[6], np.uint8)
    both = read_photo(encode(stored, "WEBP", lossless=True, exif=exif(6), xmp=packet))
    assert both.pixels[..., 0].tolist() == UPRIGHT
    assert both.metadata.xmp == b'<a tiff:Orientation="1"/>'
    only_xmp = read_photo(encode(np.array(STORED[3], np.uint8), "WEBP", lossless=True, xmp=packet))
    assert only_xmp.pixels[..., 0].tolist() == UPRIGHT
    assert only_xmp.metadata.xmp == b'<a tiff:Orientation="1"/>'


def test_uneven_resolution_turns_with_the_pixels(noise, encode, exif):
    for format in ("PNG", "TIFF"):
        data = encode(noise(4, 6, 3), format, exif=b"Exif\0\0" + exif(8), dpi=(200, 100))
        assert read_photo(data).metadata.dpi == pytest.approx((100, 200), abs=0.1)
