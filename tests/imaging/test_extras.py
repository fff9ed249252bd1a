"""HEIC, camera raw and JPEG XL: with their decoders for real, and without them the exact line that installs these."""

from __future__ import annotations

import io
import struct
import sys

import numpy as np
import pytest
from PIL import Image

from hostile.optional_seeds import deep_heic, dng, heic, jpeg_xl
from opir.errors import (
    ImageTooLargeError,
    MissingExtraError,
    OpirError,
    UnreadableImageError,
    UnsupportedImageError,
)
from opir.imaging import Photo, read_photo
from opir.imaging.exif import exif_orientation
from opir.imaging.header import read_header

# A JPEG XL codestream up to its metadata: 512 x 256 pixels, everything as usual (8 bits).
SMALL_JXL = b"\xff\x0a" + ((1 | (256 // 8 - 1) << 1 | 7 << 6 | 1 << 9).to_bytes(2, "little")) + bytes(40)
HEIC = struct.pack(">I4s4sI4s", 20, b"ftyp", b"heic", 0, b"mif1") + bytes(40)


@pytest.mark.parametrize(
    ("data", "module", "extra"),
    [(HEIC, "pillow_heif", "heif"), (dng(), "rawpy", "raw"), (SMALL_JXL, "pillow_jxl", "jxl")],
    ids=["heic", "raw", "jxl"],
)
def test_a_missing_decoder_names_the_install_line(monkeypatch, tmp_path, data, module, extra):
    monkeypatch.setitem(sys.modules, module, None)
    path = tmp_path / "photo"
    path.write_bytes(data)
    for kind in (MissingExtraError, UnsupportedImageError, OpirError):
        with pytest.raises(kind) as caught:
            read_photo(path)
    assert str(caught.value).startswith(str(path))
    assert f'pip install "opir[{extra}]"' in str(caught.value)


def test_the_size_of_a_jpeg_xl_is_known_before_decoding():
    header = read_header(io.BytesIO(SMALL_JXL))
    assert (header.size, header.bits) == ((512, 256), 8)
    boxed = struct.pack(">I4sI", 12, b"JXL ", 0x0D0A870A) + struct.pack(">I4s", 8 + len(SMALL_JXL), b"jxlc") + SMALL_JXL
    assert read_header(io.BytesIO(boxed)).size == (512, 256)
    with pytest.raises(ImageTooLargeError, match="512 × 256"):
        read_photo(SMALL_JXL, max_pixels=512 * 256 - 1)
    with pytest.raises(UnsupportedImageError, match="unknown size"):
        read_photo(b"\xff\x0a")


def smooth():
    rows, columns = np.mgrid[:64, :96]
    return np.stack([rows * 3, columns * 2, 255 - rows * 3], axis=-1).astype(np.uint8)


@pytest.mark.parametrize("bits", [8, 10])
def test_heic_for_real(bits):
    pytest.importorskip("pillow_heif")
    pixels = smooth()
    data = heic(Image.fromarray(pixels)) if bits == 8 else deep_heic(pixels.astype(np.uint16) * 257)
    photo = read_photo(data)
    assert photo.source_format == "HEIC"
    assert photo.pixels.dtype == (np.uint8 if bits == 8 else np.uint16)
    shown = photo.pixels if bits == 8 else photo.pixels / 257
    assert np.abs(shown - pixels.astype(float)).mean() < 3
    with pytest.raises(ImageTooLargeError):
        read_photo(data, max_pixels=64 * 96 - 1)
    with pytest.raises(UnreadableImageError):
        read_photo(data[:300])


def test_raw_for_real():
    pytest.importorskip("rawpy")
    photo = read_photo(dng())
    assert (photo.source_format, photo.pixels.dtype) == ("RAW", np.uint16)
    assert photo.pixels.shape == (48, 64, 3)
    assert "LibRaw" in photo.notes[0]
    brightness = photo.pixels.mean(axis=2)
    assert brightness[-8:, -8:].mean() > brightness[:8, :8].mean() + 5000
    with pytest.raises(ImageTooLargeError):
        read_photo(dng(), max_pixels=1000)
    with pytest.raises(UnreadableImageError):
        read_photo(dng()[:400])


def test_jpeg_xl_for_real():
    pytest.importorskip("pillow_jxl")
    pixels = np.random.default_rng(0).integers(0, 256, (64, 96, 3), np.uint8)
    data = jpeg_xl(Image.fromarray(pixels))
    photo = read_photo(data)
    assert photo.source_format == "JXL"
    np.testing.assert_array_equal(photo.pixels, pixels)
    with pytest.raises(ImageTooLargeError):
        read_photo(data, max_pixels=64 * 96 - 1)
    with pytest.raises(UnreadableImageError):
        read_photo(data[:10_000])


def test_deep_jpeg_xl_is_refused_before_a_decoder_drops_bits():
    sixteen_bits = 0 | 0 << 1 | 0 << 2 | 3 << 3 | (16 - 1) << 5  # not as usual, no extra fields, integers, 1 + 15 bits
    head = (1 | 31 << 1 | 7 << 6 | sixteen_bits << 9).to_bytes(4, "little")
    with pytest.raises(UnsupportedImageError, match="16 bits per channel"):
        read_photo(b"\xff\x0a" + head + bytes(40))


# JPEG XL, 8 bits, lossless, 96 x 48 with a white square in the first corner, stored to be turned by a quarter.
TURNED_JXL = bytes.fromhex("ff0acb2d10130800010080004b386998ca83f72b2808801af16330fe0221000452a9010012f8f73bfae29901")


def marked() -> np.ndarray:
    """A black picture with a white square in its first corner."""
    pixels = np.zeros((48, 96, 3), np.uint8)
    pixels[:16, :16] = 255
    return pixels


def white_corner(photo: Photo) -> str:
    corners = {"top left": (4, 4), "top right": (4, -4), "bottom left": (-4, 4), "bottom right": (-4, -4)}
    (found,) = [name for name, (row, column) in corners.items() if photo.pixels[row, column].min() > 200]
    return found


def exif_turned(orientation: int) -> bytes:
    block = Image.Exif()
    block[0x0112], block[0x010F] = orientation, "Maker"
    return block.tobytes()


@pytest.mark.parametrize(
    ("orientation", "corner"), [(1, "top left"), (3, "bottom right"), (6, "top right"), (8, "bottom left")]
)
def test_heic_is_turned_once_though_exif_repeats_what_the_container_says(orientation, corner):
    pytest.importorskip("pillow_heif")
    data = heic(Image.fromarray(marked()), exif_turned(orientation))
    if orientation > 1:
        assert b"irot" in data, "phones write both, and so does the library"
    photo = read_photo(data)
    assert photo.size == ((48, 96) if orientation >= 5 else (96, 48))
    assert white_corner(photo) == corner
    assert photo.metadata.exif is not None
    assert exif_orientation(photo.metadata.exif) in (None, 1)


def test_jpeg_xl_is_turned_by_its_codestream_and_not_by_exif():
    pytest.importorskip("pillow_jxl")
    photo = read_photo(TURNED_JXL)
    assert (photo.size, white_corner(photo)) == ((48, 96), "top right")
    photo = read_photo(jpeg_xl(Image.fromarray(marked()), exif=exif_turned(6)))
    assert (photo.size, white_corner(photo)) == ((96, 48), "top left")
    assert exif_orientation(photo.metadata.exif) == 1


def test_a_jpeg_packed_into_jpeg_xl_is_turned_as_the_jpeg_says(tmp_path):
    pytest.importorskip("pillow_jxl")
    Image.fromarray(marked()).save(tmp_path / "a.jpg", quality=95, exif=exif_turned(6))
    with Image.open(tmp_path / "a.jpg") as image:
        image.save(tmp_path / "a.jxl", lossless_jpeg=True)
    photo = read_photo(tmp_path / "a.jxl")
    assert (photo.size, white_corner(photo)) == ((48, 96), "top right")
