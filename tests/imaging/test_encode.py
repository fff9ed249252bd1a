from __future__ import annotations

import io
import logging
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image, JpegImagePlugin

from opir.errors import ConfigurationError, OutputError
from opir.imaging import FORMATS, Metadata, Photo, encode_photo, from_network, read_photo, to_network, write_photo

SAMPLES = hnp.arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9), st.sampled_from([1, 2, 3, 4])))


def photo_of(samples: np.ndarray) -> Photo:
    n_colours = 1 if samples.shape[2] < 3 else 3
    alpha = samples[..., -1].copy() if samples.shape[2] in (2, 4) else None
    return Photo(pixels=samples[..., :n_colours].copy(), alpha=alpha)


@settings(deadline=None)
@given(samples=SAMPLES, format=st.sampled_from(["PNG", "TIFF", "WEBP", "BMP", "PPM"]))
def test_lossless_formats_give_back_every_pixel(samples, format):
    photo = photo_of(samples)
    if photo.is_transparent and not FORMATS[format].keeps_alpha:
        with pytest.raises(OutputError, match="transparency"):
            encode_photo(photo, format)
        return
    restored = from_network(to_network(photo), photo)
    back = read_photo(encode_photo(restored, format))
    expected = np.repeat(photo.pixels, 3, axis=2) if format == "WEBP" and photo.is_gray else photo.pixels
    np.testing.assert_array_equal(back.pixels, expected)
    if photo.is_transparent:
        np.testing.assert_array_equal(back.alpha, photo.alpha)


@pytest.mark.parametrize("format", ["PNG", "TIFF", "WEBP"])
def test_colours_below_full_transparency_are_kept(noise, format):
    photo = Photo(pixels=noise(16, 16, 3), alpha=np.repeat(np.array([[0, 255]], np.uint8), 8, axis=1).repeat(16, 0))
    np.testing.assert_array_equal(read_photo(encode_photo(photo, format)).pixels, photo.pixels)


@pytest.mark.parametrize("gray", [False, True])
def test_jpeg_is_high_quality_without_chroma_subsampling(gray):
    rows, columns = np.mgrid[:64, :64]
    pixels = np.stack([rows * 4, columns * 4, 252 - columns * 2], axis=-1).astype(np.uint8)
    photo = Photo(pixels=pixels[..., :1] if gray else pixels)
    image = Image.open(io.BytesIO(encode_photo(photo, "JPEG")))
    assert image.mode == ("L" if gray else "RGB")
    if not gray:
        assert JpegImagePlugin.get_sampling(image) == 0
    assert np.abs(np.asarray(image).reshape(photo.pixels.shape).astype(int) - photo.pixels).mean() < 1.0


def test_quality_changes_the_size_of_lossy_formats(noise):
    photo = Photo(pixels=noise(64, 64, 3))
    for format in ("JPEG", "WEBP"):
        assert len(encode_photo(photo, format, quality=30)) < len(encode_photo(photo, format, quality=90))
    assert encode_photo(photo, "PNG", quality=30) == encode_photo(photo, "PNG")


@pytest.mark.parametrize("quality", [0, 101, -5])
def test_impossible_quality(noise, quality):
    with pytest.raises(ConfigurationError, match=r"1\.\.100"):
        encode_photo(Photo(pixels=noise(4, 4, 3)), "JPEG", quality=quality)


def test_webp_is_lossless_unless_the_source_was_not(noise):
    photo = Photo(pixels=noise(32, 32, 3))
    np.testing.assert_array_equal(read_photo(encode_photo(photo, "WEBP")).pixels, photo.pixels)
    for lossy in (encode_photo(replace(photo, source_is_lossy=True), "WEBP"), encode_photo(photo, "WEBP", quality=95)):
        assert read_photo(lossy).source_is_lossy


def test_opaque_alpha_may_go_where_there_is_none(noise):
    photo = Photo(pixels=noise(8, 8, 3), alpha=np.full((8, 8), 255, np.uint8))
    for format in ("JPEG", "BMP", "PPM"):
        assert read_photo(encode_photo(photo, format)).alpha is None
    assert read_photo(encode_photo(photo, "PNG")).alpha is not None


def test_transparent_photo_as_jpeg_names_the_way_out(tmp_path, noise):
    photo = Photo(pixels=noise(8, 8, 3), alpha=noise(8, 8))
    with pytest.raises(OutputError, match="PNG, WebP or TIFF"):
        write_photo(photo, tmp_path / "out.jpg")
    assert list(tmp_path.iterdir()) == []


def test_unknown_format(noise):
    with pytest.raises(OutputError, match="one of PNG"):
        encode_photo(Photo(pixels=noise(4, 4, 3)), "GIF")
    assert encode_photo(Photo(pixels=noise(4, 4, 3)), "png").startswith(b"\x89PNG")


def test_too_wide_for_webp():
    photo = Photo(pixels=np.zeros((1, 16_384, 3), np.uint8))
    with pytest.raises(OutputError, match="16383"):
        encode_photo(photo, "WEBP")
    assert read_photo(encode_photo(photo, "PNG")).width == 16_384


@pytest.mark.parametrize(
    ("format", "metadata"),
    [
        ("JPEG", {"exif": b"II*\0" + bytes(70_000)}),
        ("JPEG", {"xmp": b"<x/>" * 20_000}),
        ("PNG", {"xmp": b"\xff\xfe not UTF-8"}),
        ("TIFF", {"exif": b"broken"}),
    ],
)
def test_metadata_that_do_not_fit_are_left_out_but_the_profile_stays(noise, caplog, format, metadata):
    photo = Photo(pixels=noise(8, 8, 3), metadata=Metadata(icc_profile=b"profile" * 30, **metadata))
    with caplog.at_level(logging.WARNING):
        back = read_photo(encode_photo(photo, format))
    assert back.pixels.shape == (8, 8, 3)
    assert back.metadata == Metadata(icc_profile=b"profile" * 30)
    assert "left out" in caplog.text


def test_resolution_beyond_16_bits_does_not_become_another_one(noise):
    photo = Photo(pixels=noise(8, 8, 3), metadata=Metadata(dpi=(1e6, 1e6)))
    assert read_photo(encode_photo(photo, "JPEG")).metadata.dpi is None
    assert read_photo(encode_photo(photo, "PNG")).metadata.dpi == pytest.approx((1e6, 1e6))


def test_one_unfitting_field_does_not_cost_the_other(noise, exif):
    metadata = Metadata(exif=exif(1), xmp=b"<x/>" * 20_000)
    back = read_photo(encode_photo(Photo(pixels=noise(8, 8, 3), metadata=metadata), "JPEG"))
    assert back.metadata == Metadata(exif=exif(1))


@pytest.mark.parametrize("name", ["a.png", "a.JPG", "a.jpeg", "a.webp", "a.tif", "a.TIFF", "a.bmp", "a.ppm"])
def test_the_suffix_chooses_the_format(tmp_path, noise, name):
    path = tmp_path / name
    write_photo(Photo(pixels=noise(8, 8, 3)), path)
    assert [path] == list(tmp_path.iterdir())
    kind = {".jpg": "JPEG", ".jpeg": "JPEG", ".tif": "TIFF"}.get(path.suffix.lower(), path.suffix[1:].upper())
    assert Image.open(io.BytesIO(path.read_bytes())).format == kind


def test_the_same_photo_gives_the_same_bytes(noise, exif):
    photo = Photo(pixels=noise(8, 8, 3), metadata=Metadata(exif=exif(1), dpi=(300.0, 300.0)))
    for format in FORMATS:
        assert encode_photo(photo, format) == encode_photo(photo, format)


@pytest.mark.parametrize("quality", [80, 92, 100])
def test_pure_noise_fits_into_a_jpeg(quality):
    """Noise needs more bytes than pixels, more than an encoder that buffers the whole file expects."""
    pixels = np.random.default_rng(0).integers(0, 256, (200, 300, 3), dtype=np.uint8)
    data = encode_photo(read_photo(pixels), "JPEG", quality=quality)
    assert read_photo(data).pixels.shape == (200, 300, 3)
    if quality == 100:
        assert len(data) > 200 * 300
