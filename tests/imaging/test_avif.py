from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from PIL import Image, features

from opir.errors import ImageTooLargeError, OutputError, UnreadableImageError, UnsupportedImageError
from opir.imaging import Metadata, Photo, encode_photo, read_photo
from opir.imaging.header import read_header


def smooth(n_channels=3):
    rows, columns = np.mgrid[:40, :56]
    return np.stack([rows * 6, columns * 4, 255 - rows * 3, 100 + columns], axis=-1)[..., :n_channels].astype(np.uint8)


@pytest.mark.parametrize("n_channels", [3, 4])
def test_avif_there_and_back(n_channels, exif):
    samples = smooth(n_channels)
    metadata = Metadata(exif=exif(None), icc_profile=b"profile" * 30, xmp=b"<x/>")
    photo = Photo(pixels=samples[..., :3], alpha=samples[..., 3] if n_channels == 4 else None, metadata=metadata)
    data = encode_photo(photo, "AVIF")
    header = read_header(io.BytesIO(data))
    assert (header.format, header.size, header.bits, header.is_animated) == ("AVIF", (56, 40), 8, False)
    back = read_photo(data)
    assert (back.source_format, back.source_is_lossy) == ("AVIF", True)
    assert np.abs(back.pixels.astype(int) - photo.pixels).mean() < 2
    assert (back.metadata.xmp, back.metadata.icc_profile) == (b"<x/>", b"profile" * 30)
    block = Image.Exif()
    block.load(back.metadata.exif)
    assert block[0x010F] == "Maker"
    if n_channels == 4:
        assert np.abs(back.alpha.astype(int) - photo.alpha).mean() < 2
    assert len(encode_photo(photo, "AVIF", quality=30)) < len(data)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_avif_is_turned(encode, orientation):
    block = Image.Exif()
    block[0x0112] = orientation
    photo = read_photo(encode(smooth(), "AVIF", quality=95, exif=block.tobytes()))
    stored = Image.fromarray(smooth())
    stored.getexif()[0x0112] = orientation
    from PIL import ImageOps

    upright = np.asarray(ImageOps.exif_transpose(stored)).astype(int)
    assert np.abs(photo.pixels - upright).mean() < 3


def test_deep_avif_is_refused_before_a_decoder_drops_bits(encode):
    data = bytearray(encode(smooth(), "AVIF"))
    place = data.index(b"av1C") + 4 + 2
    data[place] |= 0x40
    with pytest.raises(UnsupportedImageError, match="10 bits per channel"):
        read_photo(bytes(data))


def test_size_is_known_before_decoding(encode):
    data = bytearray(encode(smooth(), "AVIF"))
    with pytest.raises(ImageTooLargeError):
        read_photo(bytes(data), max_pixels=40 * 56 - 1)
    place = data.index(b"ispe") + 8
    data[place : place + 8] = struct.pack(">II", 60_000, 60_000)
    with pytest.raises(ImageTooLargeError, match="60000 × 60000"):
        read_photo(bytes(data))


def test_a_pillow_without_avif_says_what_to_do(encode, monkeypatch):
    data = encode(smooth(), "AVIF")
    monkeypatch.setattr(features, "check", lambda name: False)
    with pytest.raises(UnsupportedImageError, match="pip install -U pillow"):
        read_photo(data)


def test_truncated_avif(encode):
    data = encode(smooth(), "AVIF")
    for cut in (20, 100, len(data) // 2, len(data) - 30):
        with pytest.raises(UnreadableImageError):
            read_photo(data[:cut])


def test_animated_avif_is_read_frame_by_frame(encode):
    from opir.imaging import read_pictures

    frames = [Image.fromarray(np.roll(smooth(), 9 * number, axis=0)) for number in range(3)]
    data = encode(frames[0], "AVIF", save_all=True, append_images=frames[1:], duration=[30, 60, 90], quality=95)
    sequence = read_pictures(data)
    assert sequence.durations_ms == (30, 60, 90)
    for frame, expected in zip(sequence.frames, frames, strict=True):
        assert np.abs(frame.pixels.astype(int) - np.asarray(expected)).mean() < 10
    with pytest.raises(OutputError, match="PNG or WebP"):
        encode_photo(sequence, "AVIF")
