"""Sixteen bits per channel, from the file to the file, level by level."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from PIL import Image

from opir.errors import ImageTooLargeError, UnreadableImageError, UnsupportedImageError
from opir.imaging import Metadata, Photo, encode_photo, read_photo

RAMP = np.arange(65_536, dtype=np.uint16).reshape(256, 256)
COLOUR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}


def noise16(*shape):
    return np.random.default_rng(3).integers(0, 65_536, shape, dtype=np.uint16)


def as_png(raw_png, samples, extra=()):
    height, width, n_channels = samples.shape
    return raw_png(width, height, 16, COLOUR_TYPES[n_channels], samples.astype(">u2").tobytes(), extra)


@pytest.mark.parametrize("n_channels", [1, 2, 3, 4])
def test_every_level_of_a_16_bit_png_arrives(raw_png, n_channels):
    samples = np.stack([np.roll(RAMP, 7 * channel) for channel in range(n_channels)], axis=2)
    data = as_png(raw_png, samples)
    n_colours = 1 if n_channels < 3 else 3
    for source in (data, Image.open(io.BytesIO(data))):
        photo = read_photo(source)
        np.testing.assert_array_equal(photo.pixels, samples[..., :n_colours])
        assert (photo.alpha is not None) == (n_channels in (2, 4))
        if photo.alpha is not None:
            np.testing.assert_array_equal(photo.alpha, samples[..., -1])


@pytest.mark.parametrize("n_channels", [1, 2, 3, 4])
@pytest.mark.parametrize("format", ["PNG", "TIFF", "PPM"])
def test_every_level_survives_writing(format, n_channels):
    samples = np.stack([np.roll(RAMP, 7 * channel) for channel in range(n_channels)], axis=2)
    n_colours = 1 if n_channels < 3 else 3
    alpha = samples[..., -1] if n_channels in (2, 4) and format != "PPM" else None
    photo = read_photo(encode_photo(Photo(pixels=samples[..., :n_colours], alpha=alpha), format))
    np.testing.assert_array_equal(photo.pixels, samples[..., :n_colours])
    if alpha is not None:
        np.testing.assert_array_equal(photo.alpha, alpha)


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 300, 3), (300, 1, 4), (7, 5, 1)])
def test_written_16_bit_png_is_what_other_programs_read(shape):
    cv2 = pytest.importorskip("cv2")
    samples = noise16(*shape)
    photo = Photo(pixels=samples[..., :3], alpha=samples[..., 3] if shape[2] == 4 else None)
    found = cv2.imdecode(np.frombuffer(encode_photo(photo, "PNG"), np.uint8), cv2.IMREAD_UNCHANGED).reshape(shape)
    order = {1: [0], 3: [2, 1, 0], 4: [2, 1, 0, 3]}[shape[2]]
    np.testing.assert_array_equal(found[..., order], samples)


def test_smooth_16_bit_pictures_are_filtered_before_compression():
    rows, columns = np.mgrid[:256, :256]
    smooth = (100 * rows + 150 * columns).astype(np.uint16)[..., None]
    assert len(encode_photo(Photo(pixels=smooth), "PNG")) < 0.2 * smooth.nbytes


def test_interlaced_and_filtered_16_bit_png_of_another_program():
    cv2 = pytest.importorskip("cv2")
    samples = noise16(33, 21, 3)
    for options in (
        [cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_ALL_FILTERS],
        [cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_PAETH],
    ):
        data = cv2.imencode(".png", samples[..., ::-1], options)[1].tobytes()
        np.testing.assert_array_equal(read_photo(data).pixels, samples)


def test_a_transparent_16_bit_colour_and_gray(raw_png):
    colours = noise16(4, 5, 3)
    colours[1, 2] = (1000, 2000, 3000)
    colours[3, 3] = (1000, 2000, 3001)  # the same in the upper bytes
    photo = read_photo(as_png(raw_png, colours, [(b"tRNS", struct.pack(">3H", 1000, 2000, 3000))]))
    assert np.argwhere(photo.alpha == 0).tolist() == [[1, 2]]
    np.testing.assert_array_equal(photo.pixels, colours)
    photo = read_photo(as_png(raw_png, RAMP[..., None], [(b"tRNS", struct.pack(">H", 258))]))
    assert np.argwhere(photo.alpha == 0).tolist() == [[1, 2]]


def test_16_bit_png_keeps_metadata_and_is_turned(exif):
    samples = noise16(4, 6, 3)
    metadata = Metadata(
        exif=exif(6), xmp=b"<x/>", icc_profile=b"profile" * 30, dpi=(300.0, 150.0), iptc=b"\x1c\2\5\0\1a"
    )
    photo = read_photo(encode_photo(Photo(pixels=samples, metadata=metadata), "PNG"))
    np.testing.assert_array_equal(photo.pixels, np.rot90(samples, -1))
    assert (photo.metadata.xmp, photo.metadata.icc_profile) == (b"<x/>", b"profile" * 30)
    assert photo.metadata.iptc == b"\x1c\2\5\0\1a"
    assert photo.metadata.dpi == pytest.approx((150, 300), abs=0.02)


def lzw_tiff(samples, extra_sample=None):
    """A 16-bit LZW TIFF: Pillow's of a gray picture, whose bytes are those of a narrower colour picture."""
    height, width, n_channels = samples.shape
    stream = io.BytesIO()
    gray = Image.fromarray(samples.reshape(height, width * n_channels))
    gray.save(stream, "TIFF", compression="tiff_lzw", strip_size=1 << 30)
    image = Image.open(stream)
    (start,), (count,) = image.tag_v2[273], image.tag_v2[279]
    strip = stream.getvalue()[start : start + count]
    fields = [
        (256, 3, 1, width),
        (257, 3, 1, height),
        (258, 3, n_channels, 8 + len(strip) + len(strip) % 2),
        (259, 3, 1, 5),
        (262, 3, 1, 1 if n_channels == 1 else 2),
        (273, 4, 1, 8),
        (277, 3, 1, n_channels),
        (278, 3, 1, height),
        (279, 4, 1, len(strip)),
        *([(338, 3, 1, extra_sample)] if extra_sample is not None else []),
    ]
    bits_at = 8 + len(strip) + len(strip) % 2
    fields[2] = (258, 3, n_channels, bits_at if n_channels > 2 else 16)
    directory = struct.pack("<H", len(fields)) + b"".join(struct.pack("<HHII", *field) for field in fields) + bytes(4)
    body = strip + bytes(len(strip) % 2) + struct.pack("<4H", 16, 16, 16, 16)
    return struct.pack("<2sHI", b"II", 42, 8 + len(body)) + body + directory


@pytest.mark.parametrize(("n_channels", "extra"), [(1, None), (3, None), (4, 2)])
def test_compressed_16_bit_tiff(n_channels, extra):
    samples = np.stack([np.roll(RAMP, 7 * channel) for channel in range(n_channels)], axis=2)
    photo = read_photo(lzw_tiff(samples, extra))
    np.testing.assert_array_equal(photo.pixels, samples[..., :3])
    if n_channels == 4:
        np.testing.assert_array_equal(photo.alpha, samples[..., 3])


def test_damaged_and_oversized_16_bit_files(raw_png):
    data = as_png(raw_png, noise16(40, 30, 3))
    with pytest.raises(UnreadableImageError):
        read_photo(data[: len(data) // 2])
    with pytest.raises(ImageTooLargeError):
        read_photo(data, max_pixels=1199)
    with pytest.raises(UnreadableImageError):
        read_photo(lzw_tiff(noise16(40, 30, 3)).replace(b"\x80", b"\xff", 400))


def test_an_animation_with_16_bits_is_refused(raw_png):
    data = as_png(raw_png, noise16(4, 4, 3), [(b"acTL", struct.pack(">II", 2, 0))])
    with pytest.raises(UnsupportedImageError):
        read_photo(data)
