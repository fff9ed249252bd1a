"""Files made to exhaust whoever opens them: huge sizes, endless streams, gigabytes of metadata in a few bytes."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
from PIL import Image

from hostile.seeds import animated, saved, tiff

MEGA = 1_000_000


def png(width: int, height: int, *chunks: tuple[bytes, bytes], bits: int = 8, colour: int = 2) -> bytes:
    """A PNG file with a sound header and these chunks."""
    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*each) for each in ((b"IHDR", header), *chunks, (b"IEND", b"")))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _zeros(n_bytes: int) -> bytes:
    """So many zeros, compressed about a thousandfold."""
    packer = zlib.compressobj(9)
    parts = [packer.compress(bytes(min(MEGA, n_bytes - start))) for start in range(0, n_bytes, MEGA)]
    return b"".join((*parts, packer.flush()))


def _idat(width: int, height: int) -> tuple[bytes, bytes]:
    return b"IDAT", _zeros(height * (1 + 3 * width))


def _behind_the_first_chunk(seed: bytes, *chunks: tuple[bytes, bytes]) -> bytes:
    return seed[:33] + b"".join(_chunk(*each) for each in chunks) + seed[33:]


def _png_text(kind: bytes, prefix: bytes, n_bytes: int) -> bytes:
    return _behind_the_first_chunk(saved("RGB", "PNG"), (kind, prefix + _zeros(n_bytes)))


def _many_chunks(kind: bytes, data: bytes, n: int) -> bytes:
    return _behind_the_first_chunk(saved("RGB", "PNG"), *((kind, data) for _ in range(n)))


def _jpeg_of_scans(n_scans: int) -> bytes:
    """A progressive file in which a refinement scan of no content is repeated: time without bytes."""
    data = saved("RGB", "JPEG", progressive=True)
    end = data.rindex(b"\xff\xda")
    scan = data[end:-2]
    return data[:end] + scan * n_scans + b"\xff\xd9"


def _jpeg_segments(marker: int, payload: bytes, n: int) -> bytes:
    data = saved("RGB", "JPEG")
    segment = b"\xff" + bytes([marker]) + struct.pack(">H", 2 + len(payload)) + payload
    return data[:2] + segment * n + data[2:]


def _jpeg_size(width: int, height: int) -> bytes:
    data = bytearray(saved("RGB", "JPEG"))
    frame = data.index(b"\xff\xc0")
    struct.pack_into(">HH", data, frame + 5, height, width)
    return bytes(data)


def tiff_of(*entries: tuple[int, int, int, int], tail: bytes = b"", following: int = 0) -> bytes:
    """A little-endian TIFF of one directory: (tag, type, count, value)."""
    body = b"".join(struct.pack("<HHII", *entry) for entry in sorted(entries))
    return b"II*\0" + struct.pack("<IH", 8, len(entries)) + body + struct.pack("<I", following) + tail


_SHAPE = ((258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1), (277, 3, 1, 1))


def _tiff_plain(width: int, height: int, *more: tuple[int, int, int, int], tail: bytes = bytes(100)) -> bytes:
    size = ((256, 4, 1, width), (257, 4, 1, height), (278, 4, 1, height))
    strip = ((273, 4, 1, 200), (279, 4, 1, width * height & 0xFFFFFFFF))
    return tiff_of(*size, *_SHAPE, *strip, *more, tail=tail.rjust(400, b"\0"))


def _tiff_deflate(width: int, height: int, n_bytes: int) -> bytes:
    """A strip that unpacks to far more than the picture needs."""
    packed, rows = _zeros(n_bytes), ((256, 4, 1, width), (257, 4, 1, height), (278, 4, 1, height))
    shape = ((258, 3, 1, 8), (259, 3, 1, 8), (262, 3, 1, 1), (277, 3, 1, 1))
    start = 8 + 2 + 12 * 9 + 4
    return tiff_of(*rows, *shape, (273, 4, 1, start), (279, 4, 1, len(packed)), tail=packed)


def _tiff_pages(n: int) -> bytes:
    """A chain of so many empty directories behind the first one."""
    first = tiff(36, 52)
    start = struct.unpack_from("<I", first, 4)[0]
    position = start + 2 + 12 * struct.unpack_from("<H", first, start)[0]
    base = len(first)
    chain = b"".join(struct.pack("<HI", 0, base + 6 * (index + 1) if index + 1 < n else 0) for index in range(n))
    return first[:position] + struct.pack("<I", base) + first[position + 4 :] + chain


def _tiff_circle() -> bytes:
    first = tiff(36, 52)
    start = struct.unpack_from("<I", first, 4)[0]
    position = start + 2 + 12 * struct.unpack_from("<H", first, start)[0]
    return first[:position] + struct.pack("<I", start) + first[position + 4 :]


def _webp_canvas() -> bytes:
    """A canvas of 16,384 x 16,384 around a small picture."""
    data = animated("WEBP", duration=10)
    at = data.index(b"VP8X") + 12
    return data[:at] + b"\xff\x3f\0\xff\x3f\0" + data[at + 6 :]


def _gif_canvas() -> bytes:
    data = bytearray(saved("P", "GIF"))
    struct.pack_into("<HH", data, 6, 0xFFFF, 0xFFFF)
    return bytes(data)


def _many_frames(format: str, n: int) -> bytes:
    frames = [Image.fromarray(np.full((8, 8), index % 256, np.uint8)) for index in range(n)]
    stream = io.BytesIO()
    frames[0].save(stream, format, save_all=True, append_images=frames[1:], duration=10)
    return stream.getvalue()


def _bmp(width: int, height: int, *, bits: int = 24, compression: int = 0) -> bytes:
    head = struct.pack("<IiiHHIIiiII", 40, width, height, 1, bits, compression, 0, 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", 54, 0, 0, 54) + head + bytes(64)


def _nested_exif(depth: int) -> bytes:
    """An EXIF block in which every directory points to the next one as its child, the last to the first."""
    block = b"II*\0" + struct.pack("<I", 8)
    for index in range(depth):
        following = 8 + 18 * ((index + 1) % depth)
        block += struct.pack("<HHHIII", 1, 0x8769, 4, 1, following, following)
    return block


def _boxes(depth: int) -> bytes:
    """An AVIF whose boxes lie inside each other."""
    inner = b""
    for _ in range(depth):
        inner = struct.pack(">I", 12 + len(inner)) + b"meta" + bytes(4) + inner
    return struct.pack(">I", 20) + b"ftypavif" + bytes(4) + b"mif1" + inner


BOMBS: dict[str, tuple[str, Callable[[], bytes]]] = {
    "png-gigapixel": (".png", partial(png, 60_000, 60_000, (b"IDAT", _zeros(3 * MEGA)))),
    "png-largest": (".png", partial(png, 2**31 - 1, 2**31 - 1, (b"IDAT", _zeros(1000)))),
    "png-gray-bits": (".png", partial(png, 400_000, 30_000, (b"IDAT", _zeros(10 * MEGA)), bits=1, colour=0)),
    "png-1-by-all": (".png", partial(png, 1, 2**31 - 1, (b"IDAT", _zeros(MEGA)))),
    "png-4-megapixels": (".png", lambda: png(2000, 2000, _idat(2000, 2000))),
    "png-more-than-announced": (".png", lambda: png(10, 10, (b"IDAT", _zeros(300 * MEGA)))),
    "png-text": (".png", partial(_png_text, b"zTXt", b"a\0\0", 300 * MEGA)),
    "png-international-text": (".png", partial(_png_text, b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0", 300 * MEGA)),
    "png-profile": (".png", partial(_png_text, b"iCCP", b"a\0\0", 300 * MEGA)),
    "png-exif-20-mb": (".png", partial(_many_chunks, b"eXIf", bytes(20 * MEGA), 1)),
    "png-many-texts": (".png", partial(_many_chunks, b"zTXt", b"a\0\0" + _zeros(MEGA), 500)),
    "png-100000-chunks": (".png", partial(_many_chunks, b"tIME", b"", 100_000)),
    "png-many-empty-idat": (".png", partial(_many_chunks, b"IDAT", b"", 50_000)),
    "png-no-size": (".png", partial(png, 0, 0, (b"IDAT", _zeros(1)))),
    "png-no-height": (".png", partial(png, 100, 0, (b"IDAT", _zeros(1)))),
    "apng-a-billion-frames": (
        ".png",
        partial(lambda: _behind_the_first_chunk(saved("RGB", "PNG"), (b"acTL", struct.pack(">II", 10**9, 0)))),
    ),
    "jpeg-largest": (".jpg", partial(_jpeg_size, 65_500, 65_500)),
    "jpeg-no-size": (".jpg", partial(_jpeg_size, 0, 0)),
    "jpeg-4-megapixels-of-nothing": (".jpg", partial(_jpeg_size, 2000, 2000)),
    "jpeg-3000-scans": (".jpg", partial(_jpeg_of_scans, 3000)),
    "jpeg-20000-segments": (".jpg", partial(_jpeg_segments, 0xFE, b"", 20_000)),
    "jpeg-profile-of-255-parts": (".jpg", partial(_jpeg_segments, 0xE2, b"ICC_PROFILE\0\1\xff" + bytes(65_000), 255)),
    "jpeg-300-exif-blocks": (".jpg", partial(_jpeg_segments, 0xE1, b"Exif\0\0II*\0\x08\0\0\0" + bytes(60_000), 300)),
    "jpeg-circular-exif": (".jpg", partial(lambda: _jpeg_segments(0xE1, b"Exif\0\0" + _nested_exif(3000), 1))),
    "jpeg-circular-mpf": (".jpg", partial(lambda: _jpeg_segments(0xE2, b"MPF\0" + _nested_exif(2), 1))),
    "jpeg-deep-xmp": (
        ".jpg",
        partial(lambda: _jpeg_segments(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + b"<a>" * 21_000, 1)),
    ),
    "jpeg-laughing-xmp": (
        ".jpg",
        partial(lambda: _jpeg_segments(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + _laughs(), 1)),
    ),
    "tiff-gigapixel": (".tif", partial(_tiff_plain, 100_000, 100_000)),
    "tiff-no-size": (".tif", partial(_tiff_plain, 0, 0)),
    "tiff-strip-of-300-mb": (".tif", partial(_tiff_deflate, 100, 100, 300 * MEGA)),
    "tiff-4-megapixels": (".tif", partial(_tiff_deflate, 2000, 2000, 4 * MEGA)),
    "tiff-huge-count": (".tif", partial(_tiff_plain, 10, 10, (700, 1, 0xFFFFFFFF, 8))),
    "tiff-huge-strips": (
        ".tif",
        partial(
            tiff_of,
            (256, 4, 1, 9),
            (257, 4, 1, 9),
            *_SHAPE,
            (273, 4, 0x3FFFFFFF, 8),
            (279, 4, 0x3FFFFFFF, 8),
            tail=bytes(900),
        ),
    ),
    "tiff-circle": (".tif", _tiff_circle),
    "tiff-50000-pages": (".tif", partial(_tiff_pages, 50_000)),
    "tiff-65535-samples": (
        ".tif",
        partial(
            tiff_of,
            (256, 4, 1, 9),
            (257, 4, 1, 9),
            (258, 3, 1, 8),
            (259, 3, 1, 1),
            (262, 3, 1, 2),
            (277, 3, 1, 65_535),
            (273, 4, 1, 200),
            tail=bytes(900),
        ),
    ),
    "tiff-subdirectories": (".tif", partial(_tiff_plain, 10, 10, (330, 4, 1, 8), (34665, 4, 1, 8))),
    "webp-canvas": (".webp", _webp_canvas),
    "webp-2000-frames": (".webp", partial(_many_frames, "WEBP", 2000)),
    "gif-canvas": (".gif", _gif_canvas),
    "gif-5000-frames": (".gif", partial(_many_frames, "GIF", 5000)),
    "bmp-gigapixel": (".bmp", partial(_bmp, 100_000, 100_000)),
    "bmp-run-lengths": (".bmp", partial(_bmp, 60_000, 60_000, bits=8, compression=1)),
    "bmp-upside-down": (".bmp", partial(_bmp, 100, -(2**31))),
    "bmp-no-size": (".bmp", partial(_bmp, 0, 0)),
    "ppm-gigapixel": (".ppm", lambda: b"P6 100000 100000 255\n" + bytes(100)),
    "ppm-digits": (".ppm", lambda: b"P6 " + b"9" * 200_000 + b" 1 255\n"),
    "ppm-comments": (".ppm", lambda: b"P6\n" + b"#\n" * 500_000 + b"1 1 255\nabc"),
    "ppm-no-size": (".ppm", lambda: b"P6 0 0 255\n"),
    "ppm-negative": (".ppm", lambda: b"P6 -5 -5 255\n" + bytes(75)),
    "avif-boxes": (".avif", partial(_boxes, 5000)),
    "nothing-png": (".png", bytes),
    "nothing-jpeg": (".jpg", bytes),
    "nothing-tiff": (".tif", bytes),
    "zeros": (".png", partial(bytes, MEGA)),
    "signature-only": (".webp", lambda: b"RIFF\xff\xff\xff\xffWEBP"),
    "html": (".jpg", lambda: b"<!DOCTYPE html><html><body>404</body></html>"),
    "postscript": (".png", lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(ls) system\n"),
    "zip": (".tif", lambda: b"PK\x03\x04" + bytes(100)),
}
"""Name -> suffix and builder; built one at a time, because some take a while."""


def _laughs() -> bytes:
    """Entities of entities: ten to the tenth of them in a few bytes."""
    lines = [b'<!ENTITY a0 "ha">']
    lines += [b'<!ENTITY a%d "%s">' % (n, b"&a%d;" % (n - 1) * 10) for n in range(1, 11)]
    return b"<?xml version='1.0'?><!DOCTYPE x [" + b"".join(lines) + b"]><x:xmpmeta>&a10;</x:xmpmeta>"


def bombs() -> Iterator[tuple[str, str, bytes]]:
    """Yield name, suffix and content."""
    for name, (suffix, build) in BOMBS.items():
        yield name, suffix, build()
