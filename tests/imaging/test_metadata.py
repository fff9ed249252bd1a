from __future__ import annotations

import hashlib
import io
import struct

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from opir.imaging import encode_photo, read_photo
from opir.imaging.metadata_policy import apply_policy

XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/">\xc3\xa4</x:xmpmeta>'
ICC = bytes(range(256)) * 3


def loaded(block: bytes) -> Image.Exif:
    exif = Image.Exif()
    exif.load(block)
    return exif


@pytest.mark.parametrize("target", ["PNG", "JPEG", "WEBP", "TIFF"])
@pytest.mark.parametrize("source", ["PNG", "JPEG", "WEBP", "TIFF"])
def test_everything_survives_from_format_to_format(noise, encode, exif, source, target):
    options = {"exif": b"Exif\0\0" + exif(1), "icc_profile": ICC, "dpi": (300, 300)}
    if source in ("JPEG", "WEBP"):
        options["xmp"] = XMP
    elif source == "PNG":
        options["pnginfo"] = PngInfo()
        options["pnginfo"].add_itxt("XML:com.adobe.xmp", XMP.decode())
    first = read_photo(encode(noise(8, 9, 3), source, **options))
    second = read_photo(encode_photo(first, target)).metadata
    before, after = loaded(exif(1)), loaded(second.exif)
    assert second.icc_profile == ICC
    assert second.xmp == (None if source == "TIFF" else XMP)
    assert after[0x010F] == "Maker"
    assert after.get_ifd(0x8825) == before.get_ifd(0x8825)
    assert after.get_ifd(0x8769) == before.get_ifd(0x8769)
    if source != "WEBP" and target != "WEBP":
        assert second.dpi == pytest.approx((300, 300), abs=0.01)


def test_exif_passes_through_byte_for_byte(noise, encode, exif):
    block = exif(1)
    for format in ("PNG", "JPEG", "WEBP"):
        photo = read_photo(encode(noise(8, 9, 3), format, exif=b"Exif\0\0" + block))
        assert photo.metadata.exif == block
        assert read_photo(encode_photo(photo, format)).metadata.exif == block


def test_an_xmp_packet_beyond_64_kib_stays_whole_in_a_jpeg(noise, encode):
    """XMP, part 3, section 1.1.3.1: what does not fit lies in further segments, found by a digest in the packet."""
    rest = b"<x>" + b"y" * 100_000 + b"</x>"
    digest, segments = hashlib.md5(rest).hexdigest().upper().encode(), b""
    for start in range(0, len(rest), 65_000):
        place = digest + struct.pack(">II", len(rest), start)
        body = b"http://ns.adobe.com/xmp/extension/\0" + place + rest[start : start + 65_000]
        segments += b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body
    photo = read_photo(encode(noise(8, 9, 3), "JPEG", xmp=XMP, extra=segments))
    assert photo.metadata.xmp_extension == segments
    assert segments in encode_photo(photo, "JPEG")
    for policy in ("safe", "strip"):
        assert apply_policy(photo.metadata, policy).xmp_extension is None


def test_tiff_keeps_xmp(noise, encode):
    photo = read_photo(encode(noise(8, 9, 3), "WEBP", xmp=XMP))
    tiff = encode_photo(photo, "TIFF")
    assert read_photo(tiff).metadata.xmp == XMP
    assert Image.open(io.BytesIO(tiff)).info["xmp"] == XMP


def test_tiff_storage_tags_do_not_travel_as_exif(noise, encode):
    photo = read_photo(encode(noise(8, 9, 3), "TIFF", description="a photo"))
    assert dict(loaded(photo.metadata.exif)) == {0x010E: "a photo"}
    assert read_photo(encode(noise(8, 9, 3), "TIFF")).metadata.exif is None


def test_resolution_is_not_invented(noise, encode, tiff):
    for data in (encode(noise(8, 9, 3), "PNG"), encode(noise(8, 9, 3), "JPEG"), encode(noise(8, 9, 3), "TIFF")):
        assert read_photo(data).metadata.dpi is None
    assert read_photo(tiff(noise(8, 9), resolution=(0.0, 0.0), resolutionunit=2)).metadata.dpi is None


def test_imagemagick_text_chunk_is_read_as_exif(noise, encode, exif):
    block = b"Exif\0\0" + exif(6)
    texts = PngInfo()
    texts.add_text("Raw profile type exif", f"\nexif\n{len(block):8}\n{block.hex()}\n")
    photo = read_photo(encode(noise(4, 7, 3), "PNG", pnginfo=texts))
    assert (photo.width, photo.height) == (4, 7)
    assert loaded(photo.metadata.exif)[0x010F] == "Maker"
    texts = PngInfo()
    texts.add_text("Raw profile type exif", "\nexif\n 9\nnot hexadecimal\n")
    assert read_photo(encode(noise(4, 7, 3), "PNG", pnginfo=texts)).metadata.exif is None


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow's own about damaged EXIF
@pytest.mark.parametrize("damage", [b"", b"II*\0", b"garbage" * 9, b"II*\0\xff\xff\xff\xff"])
def test_damaged_exif_never_fails_the_picture(noise, encode, damage):
    pixels = noise(8, 9, 3)
    for format in ("PNG", "JPEG", "WEBP"):
        photo = read_photo(encode(pixels, format, exif=b"Exif\0\0" + damage))
        assert photo.pixels.shape == pixels.shape
        for target in ("PNG", "JPEG", "WEBP", "TIFF"):
            assert read_photo(encode_photo(photo, target)).pixels.shape == pixels.shape
