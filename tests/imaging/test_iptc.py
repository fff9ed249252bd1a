from __future__ import annotations

import io
import struct

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from opir.imaging import Metadata, Photo, encode_photo, read_photo
from opir.imaging.iptc import app13_segment, plausible_iptc, safe_iptc


def data_set(number, value, record=2):
    return struct.pack(">BBBH", 0x1C, record, number, len(value)) + value


RECORDS = data_set(5, b"title") + data_set(90, b"Berlin") + data_set(116, b"(c) me") + data_set(118, b"phone")


@pytest.mark.parametrize("target", ["JPEG", "TIFF", "PNG"])
@pytest.mark.parametrize("source", ["JPEG", "TIFF", "PNG"])
def test_records_travel_from_format_to_format(noise, source, target):
    photo = Photo(pixels=noise(8, 8, 3), metadata=Metadata(iptc=RECORDS))
    first = read_photo(encode_photo(photo, source))
    assert read_photo(encode_photo(first, target)).metadata.iptc == RECORDS


def test_records_of_other_programs(noise, encode):
    segment = app13_segment(RECORDS)
    assert Image.open(io.BytesIO(encode(noise(8, 8, 3), "JPEG", extra=segment))).info["photoshop"][0x0404] == RECORDS
    texts = PngInfo()
    texts.add_text("Raw profile type iptc", f"\niptc\n{len(RECORDS):8}\n{RECORDS.hex()}\n")  # without Photoshop's head
    assert read_photo(encode(noise(8, 8, 3), "PNG", pnginfo=texts)).metadata.iptc == RECORDS


def test_safe_drops_places_and_contacts():
    assert safe_iptc(RECORDS) == data_set(5, b"title") + data_set(116, b"(c) me")
    assert safe_iptc(data_set(90, b"Berlin")) is None


@pytest.mark.parametrize("damaged", [b"", b"nonsense", b"\x1c\2\5\0\x09abc", b"\x1c\2\5\x80\4\0\0\0\0"])
def test_damaged_records(damaged):
    assert plausible_iptc(damaged) is None
    assert plausible_iptc(RECORDS + damaged) == RECORDS


def test_too_long_records_are_left_out_of_a_jpeg(noise, caplog):
    photo = Photo(
        pixels=noise(8, 8, 3), metadata=Metadata(iptc=data_set(120, bytes(30_000)) * 3, icc_profile=b"p" * 200)
    )
    back = read_photo(encode_photo(photo, "JPEG"))
    assert back.metadata == Metadata(icc_profile=b"p" * 200)
    assert "left out" in caplog.text
