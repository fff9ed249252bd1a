from __future__ import annotations

import struct

import numpy as np
import pytest
from PIL import Image, ImageCms

from opir.imaging import Metadata, Photo, encode_photo, read_photo, read_pictures


@pytest.fixture
def profile():
    """The bytes of an sRGB profile; LittleCMS makes no CMYK ones, and refuses this for inks."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@pytest.mark.parametrize("format", ["JPEG", "TIFF"])
def test_cmyk_without_a_profile_is_converted_and_said(encode, format):
    inks = Image.new("CMYK", (16, 16), (0, 255, 255, 0))
    photo = read_photo(encode(inks, format))
    np.testing.assert_allclose(photo.pixels, np.broadcast_to([255, 0, 0], (16, 16, 3)), atol=3)
    (note,) = photo.notes
    assert "plain formula" in note
    assert "no colour profile" in note
    assert photo.metadata.icc_profile is None


@pytest.mark.parametrize("broken", [False, True])
def test_a_wrong_profile_is_said_and_does_not_fail(encode, profile, broken):
    data = encode(
        Image.new("CMYK", (16, 16), (255, 0, 0, 0)), "TIFF", icc_profile=b"nonsense" * 40 if broken else profile
    )
    photo = read_photo(data)
    np.testing.assert_allclose(photo.pixels[0, 0], [0, 255, 255], atol=3)
    assert "damaged or another one's" in photo.notes[0]


def test_the_embedded_cmyk_profile_decides(monkeypatch, encode):
    """What LittleCMS makes of a profile is its own matter; that it is asked, and with which one, is ours."""
    asked = []

    def convert(image, own, to, **options):
        asked.append((image.mode, options["outputMode"], options["renderingIntent"]))
        return Image.new("RGB", image.size, (1, 2, 3))

    monkeypatch.setattr(ImageCms, "ImageCmsProfile", lambda stream: stream)
    monkeypatch.setattr(ImageCms, "getProfileDescription", lambda own: "Coated FOGRA39\n")
    monkeypatch.setattr(ImageCms, "profileToProfile", convert)
    photo = read_photo(encode(Image.new("CMYK", (8, 8)), "TIFF", icc_profile=b"inks"))
    assert asked == [("CMYK", "RGB", ImageCms.Intent.RELATIVE_COLORIMETRIC)]
    assert photo.pixels[0, 0].tolist() == [1, 2, 3]
    assert photo.notes == ("converted from CMYK to sRGB with Coated FOGRA39",)


def test_lab_is_converted(encode):
    colours = Image.new("RGB", (4, 4), (200, 100, 50))
    lab = ImageCms.profileToProfile(
        colours, ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), outputMode="LAB"
    )
    for photo in (read_photo(lab), read_photo(encode(lab, "TIFF"))):
        np.testing.assert_allclose(photo.pixels, np.broadcast_to([200, 100, 50], (4, 4, 3)), atol=3)
        assert photo.notes == ("converted from CIE Lab to sRGB",)


def test_cmyk_pages(encode):
    pages = [Image.new("CMYK", (5, 4), (0, 0, 0, 255)), Image.new("CMYK", (5, 4))]
    sequence = read_pictures(encode(pages[0], "TIFF", save_all=True, append_images=pages[1:]))
    assert [int(frame.pixels.max()) for frame in sequence.frames] == [0, 255]
    assert all(frame.notes for frame in sequence.frames)


def test_the_image_that_was_given_stays():
    image = Image.new("CMYK", (3, 2), (9, 8, 7, 6))
    read_photo(image)
    assert (image.mode, image.getpixel((0, 0))) == ("CMYK", (9, 8, 7, 6))


def gray_profile() -> bytes:
    """A profile of one channel that is proportional to light (ICC.1:2022, sections 7.2, 9.2 and 10)."""
    text = struct.pack(">4s4xI", b"desc", 2) + b"g\0" + bytes(78)
    white = struct.pack(">4s4x3i", b"XYZ ", 63_190, 65_536, 54_061)
    curve = struct.pack(">4s4xIH2x", b"curv", 1, 256)
    tags, table, data = ((b"desc", text), (b"wtpt", white), (b"kTRC", curve)), b"", b""
    for name, value in tags:
        table += struct.pack(">4sII", name, 128 + 4 + 12 * len(tags) + len(data), len(value))
        data += value.ljust(-len(value) % 4 + len(value), b"\0")
    size = 128 + 4 + len(table) + len(data)
    head = struct.pack(">I4xI4s4s4s", size, 0x02400000, b"mntr", b"GRAY", b"XYZ ").ljust(36, b"\0") + b"acsp"
    illuminant = struct.pack(">3i", 63_190, 65_536, 54_061)
    return (head.ljust(68, b"\0") + illuminant).ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + data


@pytest.mark.parametrize("format", ["WEBP", "AVIF"])
def test_a_profile_of_gray_is_applied_where_the_format_knows_no_gray(format):
    """0.216 of the light is 0.5 in sRGB; a profile of one channel in a file of three would make it unreadable."""
    photo = Photo(pixels=np.full((8, 8, 1), 55, np.uint8), metadata=Metadata(icc_profile=gray_profile()))
    back = read_photo(encode_photo(photo, format))
    np.testing.assert_allclose(back.pixels, np.full((8, 8, 3), 128), atol=2)
    assert back.metadata.icc_profile is None


def test_a_profile_of_gray_stays_with_gray():
    photo = Photo(pixels=np.full((8, 8, 1), 55, np.uint8), metadata=Metadata(icc_profile=gray_profile()))
    for format in ("PNG", "TIFF", "JPEG"):
        back = read_photo(encode_photo(photo, format))
        assert back.metadata.icc_profile == gray_profile()
        np.testing.assert_array_equal(back.pixels, photo.pixels)


def test_a_broken_profile_of_gray_is_left_out():
    broken = gray_profile()[:60].ljust(300, b"\0")
    photo = Photo(pixels=np.full((8, 8, 1), 55, np.uint8), metadata=Metadata(icc_profile=broken))
    back = read_photo(encode_photo(photo, "WEBP"))
    np.testing.assert_array_equal(back.pixels, np.full((8, 8, 3), 55))
    assert back.metadata.icc_profile is None
