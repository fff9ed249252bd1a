from __future__ import annotations

import io

import pytest
from PIL import Image

from opir.imaging import FORMATS
from opir.imaging.header import read_header


@pytest.mark.parametrize(
    ("format", "options"),
    [
        ("PNG", {}),
        ("JPEG", {}),
        ("JPEG", {"progressive": True, "exif": b"Exif\0\0" + bytes(900), "icc_profile": bytes(70_000)}),
        ("WEBP", {}),
        ("WEBP", {"lossless": True}),
        ("WEBP", {"lossless": True, "icc_profile": bytes(33), "exif": b"II*\0"}),
        ("TIFF", {}),
        ("TIFF", {"big_tiff": True}),
        ("BMP", {}),
        ("PPM", {}),
    ],
)
def test_size_and_depth_without_decoding(encode, format, options):
    for mode in ("RGB", "RGBA") if FORMATS[format].keeps_alpha else ("RGB",):
        header = read_header(io.BytesIO(encode(Image.new(mode, (300, 17), "red"), format, **options)))
        assert header.format == format
        assert header.size == (300, 17)
        assert header.bits == 8
        assert header.is_lossy == (format == "JPEG" or (format == "WEBP" and not options))


def test_animation_is_seen_in_the_header(encode):
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    assert read_header(io.BytesIO(encode(frames[0], "WEBP", save_all=True, append_images=frames[1:]))).is_animated


def test_comments_in_a_ppm():
    assert read_header(io.BytesIO(b"P5 # 9 9 9\n#\n 3 # x\n4\n255\n" + bytes(12))).size == (3, 4)


@pytest.mark.parametrize("data", [b"\xff\xd8\xff\xe0\0\0" * 500, b"\xff\xd8" + b"\xff\x01" * 50_000])
def test_endless_empty_segments_end(data):
    assert read_header(io.BytesIO(data[:2] + b"\xff" + data[3:])).size is None
