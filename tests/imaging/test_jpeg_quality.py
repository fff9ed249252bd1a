from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, JpegImagePlugin

from opir.imaging import Photo, encode_photo, read_photo


def picture():
    rows, columns = np.mgrid[:48, :64]
    return np.stack([rows * 5, columns * 4, 255 - columns * 3], axis=-1).astype(np.uint8)


@pytest.mark.parametrize("quality", [1, 10, 49, 50, 51, 75, 85, 92, 99, 100])
def test_the_quality_is_found_from_the_tables(encode, quality):
    assert read_photo(encode(picture(), "JPEG", quality=quality)).source_quality == quality


@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:2", "4:2:0"])
@pytest.mark.parametrize("quality", [60, 86, 93])
def test_the_result_follows_the_input(encode, quality, subsampling):
    photo = read_photo(encode(picture(), "JPEG", quality=quality, subsampling=subsampling))
    assert photo.source_subsampling == subsampling
    result = encode_photo(photo, "JPEG")
    assert read_photo(result).source_quality == max(quality, 85)
    assert read_photo(result).source_subsampling == ("4:4:4" if quality >= 90 else subsampling)
    wanted = encode_photo(photo, "JPEG", quality=40)
    assert read_photo(wanted).source_quality == 40


def test_what_was_no_jpeg_gets_95_and_all_colours(encode):
    for photo in (Photo(pixels=picture()), read_photo(encode(picture(), "WEBP", quality=30))):
        image = Image.open(io.BytesIO(encode_photo(photo, "JPEG")))
        assert JpegImagePlugin.get_sampling(image) == 0
        assert read_photo(encode_photo(photo, "JPEG")).source_quality == 95


def test_the_decoded_pixels_are_what_went_in_up_to_the_loss_of_the_quality(encode):
    photo = Photo(pixels=picture())
    errors = [
        np.abs(
            read_photo(encode_photo(replace(photo, source_quality=q), "JPEG")).pixels.astype(int) - photo.pixels
        ).mean()
        for q in (85, 98)
    ]
    assert errors[1] < errors[0] < 2


def test_gray_jpeg(encode):
    photo = read_photo(encode(picture()[..., 0], "JPEG", quality=88))
    assert (photo.source_quality, photo.source_subsampling) == (88, None)
    assert read_photo(encode_photo(photo, "JPEG")).is_gray
