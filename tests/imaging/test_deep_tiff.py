from __future__ import annotations

import io
import tracemalloc
import zlib

import numpy as np
import pytest
import tifffile
from PIL import Image

from opir.errors import ImageTooLargeError, UnreadableImageError, UnsupportedImageError
from opir.imaging import Photo, encode_photo, read_photo

RAMP = np.arange(65_536, dtype=np.uint16).reshape(256, 256)
LAYOUTS = [
    {},
    {"byteorder": ">"},
    {"compression": "zlib"},
    {"compression": "zlib", "predictor": True},
    {"tile": (64, 64), "compression": "zlib"},
    {"bigtiff": True},
    {"rowsperstrip": 7},
]


@pytest.mark.parametrize("options", LAYOUTS, ids=str)
@pytest.mark.parametrize("n_channels", [1, 3])
def test_every_level_of_a_16_bit_tiff_arrives(tiff, options, n_channels):
    samples = np.stack([np.roll(RAMP, 5 * channel) for channel in range(n_channels)], axis=2)
    stored = samples if n_channels == 3 else samples[..., 0]
    photo = read_photo(tiff(stored, photometric="rgb" if n_channels == 3 else "minisblack", **options))
    np.testing.assert_array_equal(photo.pixels, samples)
    assert photo.source_format == "TIFF"


@pytest.mark.parametrize("dtype", [np.uint16, np.float32])
@pytest.mark.parametrize("n_channels", [2, 4])
def test_planes_and_alpha(tiff, dtype, n_channels):
    samples = RAMP[:20, :30, None].repeat(n_channels, axis=2) // np.arange(1, n_channels + 1, dtype=np.uint16)
    samples = samples if dtype == np.uint16 else (samples / np.float32(65_535)).astype(np.float32)
    photometric = "rgb" if n_channels == 4 else "minisblack"
    for planar in ("contig", "separate"):
        stored = samples if planar == "contig" else np.ascontiguousarray(np.moveaxis(samples, 2, 0))
        data = tiff(stored, photometric=photometric, planarconfig=planar, extrasamples=["unassalpha"])
        photo = read_photo(data)
        np.testing.assert_array_equal(photo.pixels, samples[..., :-1])
        np.testing.assert_array_equal(photo.alpha, samples[..., -1])


def test_white_is_zero_and_premultiplied_colours(tiff):
    np.testing.assert_array_equal(read_photo(tiff(RAMP, photometric="miniswhite")).pixels[..., 0], 65_535 - RAMP)
    samples = np.array([[[10_000, 20_000, 30_000, 32_768], [1, 2, 3, 65_535], [5, 6, 7, 0]]], np.uint16)
    photo = read_photo(tiff(samples, photometric="rgb", extrasamples=["assocalpha"]))
    np.testing.assert_allclose(photo.pixels[0, 0], [20_000, 40_000, 60_000], atol=1)
    assert photo.pixels[0, 1:].tolist() == [[1, 2, 3], [5, 6, 7]]


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_floating_point_samples_arrive_bit_by_bit_and_leave_so(tiff, dtype):
    samples = np.random.default_rng(1).random((9, 8, 3)).astype(dtype)
    samples[0, 0] = (0.0, 1.0, np.finfo(dtype).tiny)
    photo = read_photo(tiff(samples, photometric="rgb"))
    assert photo.pixels.dtype == np.float32
    np.testing.assert_array_equal(photo.pixels, samples)
    np.testing.assert_array_equal(read_photo(encode_photo(photo, "TIFF")).pixels, samples)


@pytest.mark.parametrize(
    ("value", "message"), [(1.5, "0 to 1.5: divide"), (-0.1, "clip"), (np.nan, "NaN"), (np.inf, "inf")]
)
def test_floating_point_samples_beyond_the_range_say_how_to_scale(tiff, value, message):
    samples = np.zeros((4, 5, 3), np.float32)
    samples[1, 1, 1] = value
    with pytest.raises(UnsupportedImageError, match=message):
        read_photo(tiff(samples, photometric="rgb"))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("compression", [None, "tiff_lzw"])
def test_orientation_of_deep_pages(orientation, compression):
    samples = RAMP[:4, :6]
    stream = io.BytesIO()
    Image.fromarray(samples).save(stream, "TIFF", compression=compression, tiffinfo={274: orientation})
    upright = {
        1: samples,
        2: samples[:, ::-1],
        3: samples[::-1, ::-1],
        4: samples[::-1],
        5: samples.T,
        6: np.rot90(samples, -1),
        7: samples[::-1, ::-1].T,
        8: np.rot90(samples),
    }[orientation]
    photo = read_photo(stream.getvalue())
    np.testing.assert_array_equal(photo.pixels[..., 0], upright)
    np.testing.assert_array_equal(read_photo(encode_photo(photo, "TIFF")).pixels[..., 0], upright)


@pytest.mark.parametrize("photometric", ["separated", "cielab"])
def test_deep_inks_are_refused_by_name(tiff, photometric):
    samples = np.zeros((4, 5, 4 if photometric == "separated" else 3), np.uint16)
    with pytest.raises(UnsupportedImageError, match="16-bit RGB"):
        read_photo(tiff(samples, photometric=photometric))


def test_a_truncated_deep_tiff_is_an_error(tiff):
    data = tiff(RAMP.astype(np.float32) / 65_535, photometric="minisblack", compression="zlib")
    for cut in (len(data) // 3, len(data) - 10):
        with pytest.raises(UnreadableImageError):
            read_photo(data[:cut])
    with pytest.raises(ImageTooLargeError):
        read_photo(data, max_pixels=65_535)


def test_a_piece_that_inflates_without_end_is_not_followed(tiff):
    bomb = zlib.compress(bytes(64 * 1024**2), 9)
    data = bytearray(tiff(np.zeros((8, 8), np.float32), photometric="minisblack", compression="zlib"))
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        tags = file.pages[0].tags
        start, count = tags[273], tags[279]
        for tag, value in ((start, len(data)), (count, len(bomb))):
            data[tag.valueoffset : tag.valueoffset + 4] = value.to_bytes(4, "little")
    tracemalloc.start()
    with pytest.raises(UnreadableImageError, match="inflates"):
        read_photo(bytes(data) + bomb)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 16 * 1024**2


def test_deep_pictures_are_rounded_where_the_format_has_8_bits():
    photo = Photo(pixels=RAMP[..., None].repeat(3, axis=2))
    for format in ("BMP", "WEBP"):
        expected = np.rint(RAMP / 257).astype(np.uint8)
        np.testing.assert_array_equal(read_photo(encode_photo(photo, format)).pixels[..., 0], expected)
