from __future__ import annotations

import io
import logging

import numpy as np
import pytest
from PIL import Image, ImageFile

from opir.errors import (
    ConfigurationError,
    ImageError,
    ImageTooLargeError,
    UnreadableImageError,
    UnsupportedImageError,
)
from opir.imaging import read_photo

LOSSLESS = [
    ("PNG", {}),
    ("TIFF", {}),
    ("TIFF", {"compression": "tiff_lzw"}),
    ("TIFF", {"compression": "tiff_adobe_deflate"}),
    ("WEBP", {"lossless": True}),
    ("BMP", {}),
    ("PPM", {}),
]
LOSSY = [("JPEG", {}), ("JPEG", {"progressive": True}), ("WEBP", {})]


@pytest.mark.parametrize(("format", "options"), LOSSLESS)
def test_pixels_arrive_unchanged(noise, encode, format, options):
    pixels = noise(13, 9, 3)
    photo = read_photo(encode(pixels, format, **options))
    np.testing.assert_array_equal(photo.pixels, pixels)
    assert photo.alpha is None
    assert photo.source_format == format
    assert not photo.source_is_lossy


@pytest.mark.parametrize(("format", "options"), LOSSY)
def test_lossy_files_are_known_as_lossy(noise, encode, format, options):
    data = encode(noise(40, 30, 3), format, **options)
    photo = read_photo(data)
    assert photo.source_is_lossy
    assert photo.source_format == format
    np.testing.assert_array_equal(photo.pixels, np.asarray(Image.open(io.BytesIO(data))))


def test_jpeg_inside_tiff_is_known_as_lossy(noise, encode):
    assert read_photo(encode(noise(16, 16, 3), "TIFF", compression="jpeg")).source_is_lossy


def test_path_string_bytes_and_image_give_the_same(tmp_path, noise, encode):
    data = encode(noise(5, 6, 3), "PNG", dpi=(300, 300))
    path = tmp_path / "größe 照片.png"
    path.write_bytes(data)
    photos = [read_photo(source) for source in (path, str(path), data, Image.open(io.BytesIO(data)))]
    for photo in photos[1:]:
        np.testing.assert_array_equal(photo.pixels, photos[0].pixels)
        assert photo.metadata == photos[0].metadata
        assert photo.source_format == "PNG"


def test_content_decides_not_the_suffix(tmp_path, noise, encode):
    path = tmp_path / "photo.png"
    path.write_bytes(encode(noise(4, 4, 3), "JPEG"))
    assert read_photo(path).source_format == "JPEG"


def test_image_in_memory(noise):
    pixels = noise(5, 6, 3)
    image = Image.fromarray(pixels)
    photo = read_photo(image)
    np.testing.assert_array_equal(photo.pixels, pixels)
    assert photo.source_format is None
    photo.pixels[:] = 0
    np.testing.assert_array_equal(np.asarray(image), pixels)


def test_jpeg_with_a_second_image_inside_gives_the_main_one(noise, encode):
    main, preview = Image.fromarray(noise(24, 32, 3)), Image.new("RGB", (8, 6), "red")
    data = encode(main, "MPO", save_all=True, append_images=[preview])
    assert Image.open(io.BytesIO(data)).format == "MPO"
    photo = read_photo(data)
    assert (photo.width, photo.height) == (32, 24)
    assert photo.source_format == "JPEG"
    assert photo.notes == (
        "another picture in the file, such as a preview, a gain map or a second view, not taken over",
    )


def test_the_video_of_a_motion_photo_is_missed_aloud(noise, encode):
    plain, motion = (b'<x:xmpmeta c:MotionPhoto="%d"/>' % number for number in (0, 1))
    assert read_photo(encode(noise(8, 8, 3), "JPEG", xmp=motion)).notes == (
        "the video of a motion photo not taken over",
    )
    assert read_photo(encode(noise(8, 8, 3), "JPEG", xmp=plain)).notes == ()


@pytest.mark.parametrize("format", ["PNG", "WEBP", "TIFF"])
def test_several_frames_are_refused(noise, encode, format):
    frames = [Image.fromarray(noise(8, 8, 3)), Image.new("RGB", (8, 8), "red")]
    data = encode(frames[0], format, save_all=True, append_images=frames[1:])
    for source in (data, Image.open(io.BytesIO(data))):
        with pytest.raises(UnsupportedImageError, match="animation"):
            read_photo(source)


@pytest.mark.parametrize(
    ("dtype", "message"), [("u4", "32 bits"), ("f8", "64 bits"), ("i1", "signed"), ("i2", "signed")]
)
@pytest.mark.parametrize("shape", [(4, 5), (4, 5, 3)])
def test_tiff_samples_of_other_kinds_are_refused(tiff, dtype, message, shape):
    photometric = "rgb" if len(shape) == 3 else "minisblack"
    with pytest.raises(UnsupportedImageError, match=message):
        read_photo(tiff(np.zeros(shape, dtype), photometric=photometric))


def test_ppm_with_fewer_levels_is_spread_over_all():
    assert read_photo(b"P2\n3 1\n15\n0 1 15\n").pixels.ravel().tolist() == [0, 17, 255]


def test_12_bit_jpeg_is_refused(noise, encode):
    data = bytearray(encode(noise(8, 8, 3), "JPEG"))
    data[data.index(b"\xff\xc0") + 4] = 12
    with pytest.raises(UnsupportedImageError, match="12 bits"):
        read_photo(bytes(data))


@pytest.mark.parametrize("mode", ["I", "HSV"])
def test_images_of_other_modes_are_refused(mode):
    with pytest.raises(UnsupportedImageError, match="convert"):
        read_photo(Image.new(mode, (3, 2)))


def test_tiff_with_a_mask_is_refused(noise, tiff):
    with pytest.raises(UnsupportedImageError, match="extra channel"):
        read_photo(tiff(noise(4, 5, 4), photometric="rgb", extrasamples=["unspecified"]))
    with pytest.raises(UnsupportedImageError, match="extra channel"):
        read_photo(
            tiff(
                noise(4, 5, 5),
                photometric="rgb",
                planarconfig="contig",
                extrasamples=["unassalpha", "unspecified"],
            )
        )


@pytest.mark.parametrize(
    "options", [{"subfiletype": 1}, {"extratags": [(50706, 1, 4, b"\1\4\0\0", True)]}], ids=["preview", "dng"]
)
def test_the_preview_of_a_raw_file_is_not_taken_for_the_photo(noise, tiff, options):
    with pytest.raises(ImageError, match="raw"):  # LibRaw refuses it too, where it is installed
        read_photo(tiff(noise(4, 5, 3), photometric="rgb", **options))


@pytest.mark.parametrize(("head", "name"), [(b"8BPS\0\1", "Photoshop"), (b"%PDF-1.7", "PDF"), (b"qoif\0\0", "QOI")])
def test_other_picture_formats_are_named(head, name):
    with pytest.raises(UnsupportedImageError, match=name):
        read_photo(head + bytes(40))


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow's own about missing tags
@pytest.mark.parametrize(("format", "options"), LOSSLESS + LOSSY)
def test_a_truncated_file_is_an_error_or_complete(noise, encode, format, options):
    data = encode(noise(64, 48, 3), format, **options)
    whole = read_photo(data).pixels
    cuts = {1, 5, 11, 20, 31, len(data) - 40, *np.linspace(40, len(data) - 1, 25).astype(int).tolist()}
    n_errors = 0
    for cut in cuts:
        try:
            np.testing.assert_array_equal(read_photo(data[:cut]).pixels, whole)
        except UnreadableImageError:
            n_errors += 1
    assert n_errors >= len(cuts) - 2  # only a missing last chunk may go unnoticed


def test_a_truncated_tiff_is_found_without_pillow_complaining(noise, encode):
    data = encode(noise(64, 48, 3), "TIFF")
    with pytest.raises(UnreadableImageError, match="behind its end"):
        read_photo(data[:140])


def test_truncated_file_stays_an_error_when_the_process_tolerates_them(noise, encode, monkeypatch):
    data = encode(noise(64, 48, 3), "JPEG")
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    with pytest.raises(UnreadableImageError, match="cut off"):
        read_photo(data[: len(data) // 2])
    assert ImageFile.LOAD_TRUNCATED_IMAGES


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b"this is a text", "not a picture"),
        (b"\x89PNG\r\n\x1a\n", "damaged or cut off"),
        (b"BM but no bitmap", "damaged or cut off"),
        (b"II*\0\x08\0\0\0", "damaged or cut off"),
        (b"P6\n0 5\n255\n", "damaged or cut off"),
        (b"\xff\xd8\xff\xe0 no jpeg", "damaged or cut off"),
        (b"RIFF\x10\0\0\0WEBPVP8 ", "damaged or cut off"),
    ],
)
def test_what_is_no_picture_is_named(tmp_path, content, message):
    path = tmp_path / "wrong.png"
    path.write_bytes(content)
    with pytest.raises(UnreadableImageError, match=message) as caught:
        read_photo(path)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_unopenable_paths(tmp_path, monkeypatch):
    with pytest.raises(UnreadableImageError, match="no such file"):
        read_photo(tmp_path / "missing.png")
    with pytest.raises(UnreadableImageError, match="folder"):
        read_photo(tmp_path)
    with pytest.raises(UnreadableImageError):
        read_photo("a\0b.png")
    with pytest.raises(UnreadableImageError):
        read_photo(tmp_path / ("x" * 5000))
    path = tmp_path / "secret.png"
    path.write_bytes(b"x")

    def forbidden(*args, **kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(path), "open", forbidden)
    with pytest.raises(UnreadableImageError, match="permission"):
        read_photo(path)


def test_pixel_limit_is_checked_before_decoding(raw_png, noise, encode, tiff):
    with pytest.raises(ImageTooLargeError, match=r"900\.0 megapixels.*300\.0"):
        read_photo(raw_png(30_000, 30_000, 8, 2, b""))
    sources = [encode(noise(20, 30, 3), format) for format in ("PNG", "JPEG", "WEBP", "TIFF", "BMP", "PPM")]
    sources += [noise(20, 30, 3), Image.fromarray(noise(20, 30, 3)), Image.open(io.BytesIO(sources[1]))]
    for source in sources:
        read_photo(source, max_pixels=600)
        with pytest.raises(ImageTooLargeError, match="30 × 20"):
            read_photo(source, max_pixels=599)


def test_max_pixels_must_be_positive(noise):
    with pytest.raises(ConfigurationError):
        read_photo(noise(2, 2), max_pixels=0)


def test_damaged_metadata_never_fail_a_png(noise, encode, caplog):
    pixels = noise(9, 8, 4)
    huge_profile = encode(pixels, "PNG", icc_profile=bytes(2_000_000))
    wrong_sum = bytearray(encode(pixels, "PNG", icc_profile=b"profile" * 50))
    wrong_sum[wrong_sum.index(b"iCCP") + 20] ^= 0xFF
    for data in (huge_profile, bytes(wrong_sum)):
        with caplog.at_level(logging.WARNING):
            photo = read_photo(data)
        np.testing.assert_array_equal(photo.pixels, pixels[..., :3])
        np.testing.assert_array_equal(photo.alpha, pixels[..., 3])
        assert "metadata" in caplog.text
        caplog.clear()


def test_damaged_pixels_do_fail_a_png(noise, encode):
    data = bytearray(encode(noise(64, 64, 3), "PNG"))
    data[len(data) // 2] ^= 0xFF
    with pytest.raises(UnreadableImageError):
        read_photo(bytes(data))


def test_loading_errors_of_images_are_ours(noise, encode):
    data = encode(noise(64, 48, 3), "JPEG")
    with pytest.raises(UnreadableImageError, match="picture: "):
        read_photo(Image.open(io.BytesIO(data[:-200])))
    closed = Image.open(io.BytesIO(data))
    closed.close()
    with pytest.raises(ImageError):
        read_photo(closed)
