from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageCms

from opir.imaging import read_photo, read_pictures


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
