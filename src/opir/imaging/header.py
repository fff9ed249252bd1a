"""Read a file's size, depth and kind from its header, before anything is decoded.

Pillow opens a 16-bit colour PNG or TIFF as 8 bits without a word, so the depth is probed here. Every reader takes
a seekable stream, may leave it anywhere, and answers None where the header does not tell: the decoder is the judge
of damaged files.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from typing import BinaryIO

from opir.imaging.boxes import read_boxes
from opir.imaging.formats import SourceName
from opir.imaging.gif_header import read_gif
from opir.imaging.header_fields import Header
from opir.imaging.jxl_header import read_jxl
from opir.imaging.signature import SIGNATURE_BYTES, recognise
from opir.imaging.tiff_header import read_tiff

__all__ = ["Header", "read_header"]

_MAX_SEGMENTS = 10_000  # a file of nothing but empty segments must not keep us busy


def read_header(stream: BinaryIO) -> Header:
    """Recognise a file and read its header; the stream must be seekable and is left anywhere.

    Raises:
        UnreadableImageError: if it is empty, not a picture, or a TIFF without a sound directory.
        UnsupportedImageError: if it is a picture of a kind that is not handled.
    """
    stream.seek(0)
    return _READERS[recognise(stream.read(SIGNATURE_BYTES))](stream)


def _read_png(stream: BinaryIO) -> Header:
    # PNG, section 11.2.2: IHDR comes first: width, height, bits per sample.
    stream.seek(12)
    head = stream.read(13)
    if len(head) < 13 or head[:4] != b"IHDR":
        return Header(format="PNG")
    width, height, bits = struct.unpack(">IIB", head[4:])
    return Header(format="PNG", size=(width, height), bits=bits, is_animated=_announces_animation(stream))


def _announces_animation(stream: BinaryIO) -> bool:
    # APNG: acTL stands before the first IDAT and tells the number of frames.
    position = 8
    for _ in range(_MAX_SEGMENTS):
        stream.seek(position)
        head = stream.read(12)
        if len(head) < 12 or head[4:8] in (b"IDAT", b"IEND"):
            break
        length, kind, n_frames = struct.unpack(">I4sI", head)
        if kind == b"acTL":
            return bool(n_frames > 1)
        position += 12 + length
    return False


def _read_jpeg(stream: BinaryIO) -> Header:
    # ITU-T T.81, annex B: segments until a frame header: precision, height, width.
    stream.seek(2)
    for _ in range(_MAX_SEGMENTS):
        byte = stream.read(1)
        if byte != b"\xff":
            break
        while byte == b"\xff":  # fill bytes may precede a marker
            byte = stream.read(1)
        if not byte or byte == b"\xda":  # the end, or a scan without a frame
            break
        code = byte[0]
        if code == 0x01 or 0xD0 <= code <= 0xD9:  # markers without a segment
            continue
        segment = stream.read(7)
        if len(segment) < 7:
            break
        length, bits, height, width = struct.unpack(">HBHH", segment)
        if 0xC0 <= code <= 0xCF and code not in (0xC4, 0xC8, 0xCC):
            return Header(format="JPEG", size=(width, height), bits=bits, is_lossy=True)
        stream.seek(length - 7, 1)
    return Header(format="JPEG", is_lossy=True)


def _read_webp(stream: BinaryIO) -> Header:
    # WebP container specification (RFC 9649): "VP8 " lossy, "VP8L" lossless, "VP8X" says what follows.
    size: tuple[int, int] | None = None
    animated, lossy, position = False, False, 12
    for _ in range(_MAX_SEGMENTS):
        stream.seek(position)
        chunk = stream.read(18)
        if len(chunk) < 18:
            break
        kind, body = chunk[:4], chunk[8:]
        if kind == b"VP8X":
            animated = bool(body[0] & 2)
            size = (1 + int.from_bytes(body[4:7], "little"), 1 + int.from_bytes(body[7:10], "little"))
        elif kind == b"VP8L":
            packed = int.from_bytes(body[1:5], "little")
            size = size or (1 + (packed & 0x3FFF), 1 + (packed >> 14 & 0x3FFF))
            break
        elif kind == b"VP8 ":
            packed = int.from_bytes(body[6:10], "little")
            size = size or (packed & 0x3FFF, packed >> 16 & 0x3FFF)
            lossy = True
            break
        length = int.from_bytes(chunk[4:8], "little")
        position += 8 + length + length % 2
    return Header(format="WEBP", size=size, bits=8, is_lossy=lossy, is_animated=animated)


def _read_bmp(stream: BinaryIO) -> Header:
    # BITMAPINFOHEADER: width and height (negative when stored from the top) as 32-bit integers.
    stream.seek(14)
    head = stream.read(12)
    if len(head) < 12 or int.from_bytes(head[:4], "little") < 16:
        return Header(format="BMP", bits=8)
    width, height = struct.unpack("<ii", head[4:])
    return Header(format="BMP", size=(abs(width), abs(height)), bits=8)


def _read_ppm(stream: BinaryIO) -> Header:
    # Netpbm: magic number, width, height and (but for bitmaps, P1 and P4) the largest value; # starts a comment.
    stream.seek(0)
    text = re.sub(rb"#[^\r\n]*", b" ", stream.read(4096))
    fields = re.match(rb"P([1-6])\s+(\d{1,9})\s+(\d{1,9})(?:\s+(\d{1,9}))?", text)
    if fields is None:
        return Header(format="PPM")
    largest = int(fields[4]) if fields[4] and fields[1] not in b"14" else 1
    return Header(format="PPM", size=(int(fields[2]), int(fields[3])), bits=largest.bit_length())


def _read_avif(stream: BinaryIO) -> Header:
    return read_boxes(stream, "AVIF")


def _read_heic(stream: BinaryIO) -> Header:
    return read_boxes(stream, "HEIC")


def _read_raw(stream: BinaryIO) -> Header:
    del stream  # every maker has another one; LibRaw tells the size before it decodes
    return Header(format="RAW")


_READERS: dict[SourceName, Callable[[BinaryIO], Header]] = {
    "PNG": _read_png,
    "JPEG": _read_jpeg,
    "WEBP": _read_webp,
    "TIFF": read_tiff,
    "BMP": _read_bmp,
    "PPM": _read_ppm,
    "AVIF": _read_avif,
    "GIF": read_gif,
    "HEIC": _read_heic,
    "JXL": read_jxl,
    "RAW": _read_raw,
}
