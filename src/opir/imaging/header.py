"""Read a file's size, depth and kind from its header, before anything is decoded.

Pillow opens a 16-bit colour PNG or TIFF as 8 bits without a word, so the depth is probed here. Every reader takes
a seekable stream, may leave it anywhere, and answers None where the header does not tell: the decoder is the judge
of damaged files.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

from opir.errors import UnreadableImageError, UnsupportedImageError
from opir.imaging.exif import ORIENTATION
from opir.imaging.formats import FormatName
from opir.imaging.ifd import BrokenDirectoryError, Directory, TiffReader
from opir.imaging.orientation import UPRIGHT, valid_orientation
from opir.imaging.signature import SIGNATURE_BYTES, recognise

_MAX_SEGMENTS = 10_000  # a file of nothing but empty segments must not keep us busy


@dataclass(frozen=True, kw_only=True)
class Header:
    """What the first bytes of a file tell about it."""

    format: FormatName
    """The file format."""
    size: tuple[int, int] | None = None
    """(width, height) in pixels as stored, before the orientation is applied."""
    bits: int | None = None
    """Bits per sample, the largest if they differ."""
    is_lossy: bool = False
    """Whether the pixels were compressed with loss."""
    is_animated: bool = False
    """Whether the header announces several frames."""
    orientation: int = UPRIGHT
    """TIFF only: the orientation tag; the other formats state it in their EXIF block."""


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
    return Header(format="PNG", size=(width, height), bits=bits)


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


_BITS_PER_SAMPLE, _COMPRESSION, _PHOTOMETRIC, _STRIP_OFFSETS, _TILE_OFFSETS = 258, 259, 262, 273, 324
_SUBFILE_TYPE, _EXTRA_SAMPLES, _SAMPLE_FORMAT, _DNG_VERSION = 254, 338, 339, 50706
_LOSSY_COMPRESSIONS = (6, 7, 34892, 50001)  # JPEG old and new, lossy DNG, WebP
_RAW_PHOTOMETRICS = (32803, 34892)  # colour filter array, linear raw


def _read_tiff(stream: BinaryIO) -> Header:
    try:
        reader = TiffReader(stream)
        main = reader.directory(reader.first)
        _refuse_tiff(reader, main)
        length = stream.seek(0, 2)
        if max(_values(reader, main, _STRIP_OFFSETS) + _values(reader, main, _TILE_OFFSETS), default=0) >= length:
            raise UnreadableImageError("the TIFF file is cut off: it points to pixels behind its end")
        width, height = (_values(reader, main, tag)[:1] for tag in (256, 257))
        return Header(
            format="TIFF",
            size=(width[0], height[0]) if width and height else None,
            bits=max(_values(reader, main, _BITS_PER_SAMPLE), default=1),
            is_lossy=_first(reader, main, _COMPRESSION) in _LOSSY_COMPRESSIONS,
            orientation=valid_orientation(_first(reader, main, ORIENTATION)),
        )
    except BrokenDirectoryError as error:
        raise UnreadableImageError(f"the TIFF file is damaged or cut off: {error}") from error


def _refuse_tiff(reader: TiffReader, main: Directory) -> None:
    """Refuse what Pillow would show wrongly: the preview of a raw file, signed or floating samples, masks."""
    if (
        main.find(_DNG_VERSION)
        or _first(reader, main, _PHOTOMETRIC) in _RAW_PHOTOMETRICS
        or _first(reader, main, _SUBFILE_TYPE) & 1
    ):
        raise UnsupportedImageError(
            "camera raw files and previews are not handled; develop the photo to a TIFF or JPEG first"
        )
    formats = set(_values(reader, main, _SAMPLE_FORMAT)) - {1, 4}  # unsigned, undefined
    if formats:
        raise UnsupportedImageError(
            "TIFF samples must be unsigned 8-bit integers; these are signed, floating-point or complex: "
            "convert it to 8 bits first"
        )
    extra = _values(reader, main, _EXTRA_SAMPLES)
    if len(extra) > 1 or any(kind not in (1, 2) for kind in extra):
        raise UnsupportedImageError(
            "the TIFF file holds an extra channel that is not transparency (a mask or a selection); "
            "remove it and save again"
        )


def _values(reader: TiffReader, directory: Directory, tag: int) -> tuple[int, ...]:
    return reader.integers(directory.find(tag))


def _first(reader: TiffReader, directory: Directory, tag: int) -> int:
    return next(iter(_values(reader, directory, tag)), 0)


_READERS: dict[FormatName, Callable[[BinaryIO], Header]] = {
    "PNG": _read_png,
    "JPEG": _read_jpeg,
    "WEBP": _read_webp,
    "TIFF": _read_tiff,
    "BMP": _read_bmp,
    "PPM": _read_ppm,
}
