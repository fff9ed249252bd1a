from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from opir.imaging import read_photo


def test_gray_with_alpha(noise, encode):
    samples = noise(7, 5, 2)
    photo = read_photo(encode(Image.fromarray(samples), "PNG"))
    np.testing.assert_array_equal(photo.pixels, samples[..., :1])
    np.testing.assert_array_equal(photo.alpha, samples[..., 1])


@pytest.mark.parametrize("format", ["PNG", "TIFF", "WEBP"])
def test_colours_below_full_transparency_are_kept(noise, encode, format):
    samples = noise(7, 5, 4)
    samples[..., 3] = [0, 0, 1, 128, 255]
    options = {"lossless": True, "exact": True} if format == "WEBP" else {}
    photo = read_photo(encode(samples, format, **options))
    np.testing.assert_array_equal(photo.pixels, samples[..., :3])
    np.testing.assert_array_equal(photo.alpha, samples[..., 3])


@pytest.mark.parametrize("format", ["PNG", "TIFF", "BMP", "PPM"])
def test_single_bits_become_black_and_white(encode, format):
    bits = np.array([[True, False, True], [False, False, True]])
    photo = read_photo(encode(Image.fromarray(bits), format))
    np.testing.assert_array_equal(photo.pixels[..., 0], np.where(bits, 255, 0))


@pytest.mark.parametrize("format", ["PNG", "TIFF", "BMP"])
def test_palette_becomes_rgb(encode, format):
    image = Image.fromarray(np.array([[0, 1, 2], [2, 1, 0]], np.uint8)).convert("P")
    image.putpalette([10, 20, 30, 200, 0, 5, 7, 8, 9])
    photo = read_photo(encode(image, format))
    assert photo.pixels.tolist() == [
        [[10, 20, 30], [200, 0, 5], [7, 8, 9]],
        [[7, 8, 9], [200, 0, 5], [10, 20, 30]],
    ]
    assert photo.alpha is None


def test_palette_with_transparent_entries(raw_png):
    data = raw_png(4, 1, 8, 3, bytes([0, 1, 2, 1]), [(b"PLTE", bytes(range(9))), (b"tRNS", bytes([0, 100]))])
    photo = read_photo(data)
    assert photo.pixels[0].tolist() == [[0, 1, 2], [3, 4, 5], [6, 7, 8], [3, 4, 5]]
    assert photo.alpha.tolist() == [[0, 100, 255, 100]]


@pytest.mark.parametrize(
    ("bits", "row", "key", "grays", "alpha"),
    [
        (1, b"\x50", 1, [0, 255, 0, 255], [255, 0, 255, 0]),
        (2, b"\x1b", 2, [0, 85, 170, 255], [255, 255, 0, 255]),
        (4, b"\x12\x3f", 3, [17, 34, 51, 255], [255, 255, 0, 255]),
        (8, bytes([1, 2, 3, 4]), 3, [1, 2, 3, 4], [255, 255, 0, 255]),
    ],
)
def test_transparent_gray(raw_png, bits, row, key, grays, alpha):
    photo = read_photo(raw_png(4, 1, bits, 0, row, [(b"tRNS", key.to_bytes(2, "big"))]))
    assert photo.pixels.ravel().tolist() == grays
    assert photo.alpha.ravel().tolist() == alpha


def test_transparent_colour(raw_png):
    photo = read_photo(raw_png(2, 1, 8, 2, bytes(range(1, 7)), [(b"tRNS", b"\0\4\0\5\0\6")]))
    assert photo.pixels.tolist() == [[[1, 2, 3], [4, 5, 6]]]
    assert photo.alpha.tolist() == [[255, 0]]


def test_premultiplied_tiff_is_divided_by_its_alpha(tiff):
    samples = np.array([[[100, 50, 25, 128], [10, 20, 30, 255]]], np.uint8)
    photo = read_photo(tiff(samples, photometric="rgb", extrasamples=["assocalpha"]))
    assert photo.alpha.tolist() == [[128, 255]]
    np.testing.assert_allclose(photo.pixels[0, 0], [199, 100, 50], atol=1)
    assert photo.pixels[0, 1].tolist() == [10, 20, 30]


def test_white_is_zero_tiff_is_inverted(noise, tiff):
    samples = noise(4, 5)
    np.testing.assert_array_equal(read_photo(tiff(samples, photometric="miniswhite")).pixels[..., 0], 255 - samples)


@pytest.mark.parametrize("options", [{"planarconfig": "separate"}, {"bigtiff": True}, {"tile": (16, 16)}])
def test_tiff_layouts(noise, tiff, options):
    samples = noise(20, 30, 3)
    stored = np.moveaxis(samples, 2, 0) if "planarconfig" in options else samples
    photo = read_photo(tiff(np.ascontiguousarray(stored), photometric="rgb", **options))
    np.testing.assert_array_equal(photo.pixels, samples)


def test_ycbcr_image_becomes_rgb():
    photo = read_photo(Image.new("RGB", (2, 2), (200, 100, 50)).convert("YCbCr"))
    np.testing.assert_allclose(photo.pixels, np.broadcast_to([200, 100, 50], (2, 2, 3)), atol=2)
