from __future__ import annotations

import threading

import numpy as np
import pytest
from PIL import Image, ImageFile

from opir.errors import UnreadableImageError
from opir.imaging import read_photo
from opir.imaging.pillow_guard import strict_decoding


def test_our_limit_takes_the_place_of_pillows(noise, encode, monkeypatch):
    pixels = noise(20, 20, 3)
    files = [encode(pixels, format) for format in ("PNG", "TIFF", "BMP", "PPM")]
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    for data in files:
        np.testing.assert_array_equal(read_photo(data).pixels, pixels)
        assert Image.MAX_IMAGE_PIXELS == 10


def test_switches_return_after_an_error(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    with pytest.raises(UnreadableImageError):
        read_photo(b"\x89PNG\r\n\x1a\n broken")
    assert Image.MAX_IMAGE_PIXELS == 10
    assert ImageFile.LOAD_TRUNCATED_IMAGES is True


def test_overlapping_threads_put_the_switches_back_once(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    inside, leave = threading.Event(), threading.Event()

    def hold() -> None:
        with strict_decoding():
            inside.set()
            leave.wait(10)

    other = threading.Thread(target=hold)
    other.start()
    assert inside.wait(10)
    with strict_decoding():
        assert Image.MAX_IMAGE_PIXELS is None
    assert Image.MAX_IMAGE_PIXELS is None  # the other thread still decodes
    leave.set()
    other.join()
    assert Image.MAX_IMAGE_PIXELS == 10
