"""Colours that a PNG file describes in its own way look the same afterwards."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from fake_engine import FakeEngine
from hostile.seeds import animated, saved
from opir.imaging import encode_photo, read_photo, read_pictures
from opir.imaging.metadata_policy import METADATA_POLICIES, apply_policy
from opir.imaging.png_colours import is_srgb, png_colour_chunks, read_png_colours
from opir.runtime.restore import Restorer

LINEAR = (b"gAMA", struct.pack(">I", 100_000))
USUAL = (b"gAMA", struct.pack(">I", 45_455))
WIDE = (b"cHRM", struct.pack(">8I", 31_270, 32_900, 68_000, 32_000, 26_500, 69_000, 15_000, 6_000))
P3 = (b"cICP", b"\x0c\x0d\0\1")
SRGB = (b"sRGB", b"\0")


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def with_chunks(file: bytes, *chunks: tuple[bytes, bytes]) -> bytes:
    return file[:33] + b"".join(chunk(*each) for each in chunks) + file[33:]


def chunks_of(file: bytes) -> dict[bytes, bytes]:
    return dict(png_colour_chunks(read_png_colours(io.BytesIO(file)) or b""))


@pytest.mark.parametrize("file", [saved("RGB", "PNG"), saved("I;16", "PNG"), saved("P", "PNG"), animated("PNG")])
@pytest.mark.parametrize("chunks", [(LINEAR, WIDE), (P3,), (SRGB, USUAL)])
def test_they_stay_at_every_depth_and_in_animations(file: bytes, chunks: tuple[tuple[bytes, bytes], ...]) -> None:
    photo = read_pictures(with_chunks(file, *chunks))
    assert chunks_of(encode_photo(photo, "PNG")) == dict(chunks)


def test_they_stay_through_a_restoration_and_every_policy() -> None:
    data = with_chunks(saved("RGB", "PNG"), LINEAR)
    assert chunks_of(Restorer.from_engine(FakeEngine()).restore(data).encode()) == dict([LINEAR])
    for policy in METADATA_POLICIES:
        assert apply_policy(read_photo(data).metadata, policy).png_colours == chunk(*LINEAR)


def test_another_format_says_that_it_cannot_hold_them(caplog: pytest.LogCaptureFixture) -> None:
    encode_photo(read_photo(with_chunks(saved("RGB", "PNG"), SRGB, USUAL)), "JPEG")
    assert not caplog.records
    encode_photo(read_photo(with_chunks(saved("RGB", "PNG"), P3)), "JPEG")
    assert "may look different" in caplog.text


@pytest.mark.parametrize(
    ("chunks", "usual"),
    [((SRGB,), True), ((USUAL,), True), ((LINEAR,), False), ((WIDE,), False), ((P3, SRGB), False)],
)
def test_what_counts_as_srgb(chunks: tuple[tuple[bytes, bytes], ...], usual: bool) -> None:
    assert is_srgb(b"".join(chunk(*each) for each in chunks)) is usual


def test_broken_ones_are_left_out_and_do_not_fail() -> None:
    sound = saved("RGB", "PNG")
    wrong_sum = with_chunks(sound, SRGB)
    wrong_sum = wrong_sum.replace(chunk(*SRGB), chunk(*SRGB)[:-1] + b"?")
    too_long = with_chunks(sound, (b"gAMA", bytes(9)))
    for data in (wrong_sum, too_long):
        photo = read_photo(data)
        assert photo.metadata.png_colours is None
        with Image.open(io.BytesIO(sound)) as image:
            np.testing.assert_array_equal(photo.pixels, np.asarray(image))
