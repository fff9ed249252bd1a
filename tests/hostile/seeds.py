"""Sound little pictures of every format and mode, from which the hostile ones are made.

A new format or mode is one more line of :data:`SEEDS`. Whether it is read or refused does not matter here.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import tifffile
from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo

from hostile.optional_seeds import optional_seeds

HEIGHT, WIDTH = 36, 52
XMP = b"<?xpacket begin='' id='W5M0MpCehiHzreSzNTczkc9d'?><x:xmpmeta xmlns:x='adobe:ns:meta/'/><?xpacket end='w'?>"


@dataclass(frozen=True)
class Seed:
    """One kind of file."""

    name: str
    suffix: str
    build: Callable[[], bytes]


def levels(*shape: int, dtype: type = np.uint8) -> np.ndarray:
    """A gradient with noise: compressible, but not flat; the same at every call."""
    random = np.random.default_rng(3)
    rows = np.linspace(0, 0.8, shape[0]).reshape(-1, *(1,) * (len(shape) - 1))
    values = rows + random.uniform(0, 0.2, shape)
    largest = 1.0 if np.issubdtype(dtype, np.floating) else np.iinfo(dtype).max
    return (values * largest).astype(dtype)


def image(mode: str) -> Image.Image:
    """A picture of a Pillow mode."""
    picture = Image.fromarray(levels(HEIGHT, WIDTH, 3))
    if mode == "RGBA":
        picture.putalpha(Image.fromarray(levels(HEIGHT, WIDTH)))
        return picture
    return Image.fromarray(levels(HEIGHT, WIDTH, dtype=np.uint16)) if mode == "I;16" else picture.convert(mode)


def saved(mode: str, format: str, **options: object) -> bytes:
    """A file written by Pillow."""
    stream = io.BytesIO()
    image(mode).save(stream, format, **options)
    return stream.getvalue()


def animated(format: str, **options: object) -> bytes:
    """A file of three frames written by Pillow."""
    frames = [Image.fromarray(np.roll(levels(HEIGHT, WIDTH, 3), shift, 1)) for shift in (0, 7, 14)]
    stream = io.BytesIO()
    frames[0].save(stream, format, save_all=True, append_images=frames[1:], **options)
    return stream.getvalue()


def tiff(*shape: int, dtype: type = np.uint8, **options: object) -> bytes:
    """A file written by tifffile."""
    stream = io.BytesIO()
    kind = "rgb" if shape[-1] == 3 else "minisblack"
    tifffile.imwrite(stream, levels(*shape, dtype=dtype), **{"metadata": None, "photometric": kind, **options})
    return stream.getvalue()


def exif() -> bytes:
    """An EXIF block with an orientation, a position, a note and a thumbnail's worth of text."""
    block = Image.Exif()
    block[0x0112], block[0x010F], block[0x010E] = 6, "Maker", "description " * 20
    block.get_ifd(0x8769)[0x927C] = bytes(range(256))
    block.get_ifd(0x8825)[2] = (52.0, 30.0, 12.5)
    return block.tobytes()


def profile() -> bytes:
    """An sRGB profile."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def with_all_metadata(format: str) -> bytes:
    """A file with EXIF, XMP, ICC profile and resolution."""
    if format == "PNG":
        texts = PngInfo()
        texts.add_itxt("XML:com.adobe.xmp", XMP.decode())
        texts.add_text("Comment", "text " * 30, zip=True)
        return saved("RGB", "PNG", exif=exif(), icc_profile=profile(), dpi=(300, 300), pnginfo=texts)
    return saved("RGB", format, exif=exif(), icc_profile=profile(), xmp=XMP, dpi=(300, 300))


def ppm(magic: bytes, header: bytes, body: bytes) -> bytes:
    """A Netpbm file."""
    return magic + b"\n# a comment\n" + header + b"\n" + body


_SIZE = b"%d %d" % (WIDTH, HEIGHT)
_TEXT = b" ".join(b"%d" % value for value in levels(HEIGHT, WIDTH).ravel())
_RGB, _GRAY = levels(HEIGHT, WIDTH, 3), levels(HEIGHT, WIDTH)

SEEDS: tuple[Seed, ...] = (
    *(Seed(f"png-{mode}", ".png", partial(saved, mode, "PNG")) for mode in ("1", "L", "LA", "P", "RGB", "RGBA")),
    Seed("png-16", ".png", partial(saved, "I;16", "PNG")),
    Seed("png-best", ".png", partial(saved, "RGB", "PNG", optimize=True)),
    Seed("png-metadata", ".png", partial(with_all_metadata, "PNG")),
    Seed("apng", ".png", partial(animated, "PNG")),
    *(Seed(f"jpeg-{mode}", ".jpg", partial(saved, mode, "JPEG")) for mode in ("L", "RGB", "CMYK", "YCbCr")),
    Seed("jpeg-progressive", ".jpg", partial(saved, "RGB", "JPEG", progressive=True, quality=90)),
    Seed("jpeg-restarts", ".jpg", partial(saved, "RGB", "JPEG", restart_marker_blocks=2)),
    Seed("jpeg-metadata", ".jpg", partial(with_all_metadata, "JPEG")),
    Seed("mpo", ".jpg", partial(animated, "MPO")),
    Seed("webp-lossy", ".webp", partial(saved, "RGB", "WEBP", quality=80)),
    Seed("webp-lossless", ".webp", partial(saved, "RGB", "WEBP", lossless=True)),
    Seed("webp-alpha", ".webp", partial(saved, "RGBA", "WEBP", quality=80)),
    Seed("webp-metadata", ".webp", partial(with_all_metadata, "WEBP")),
    Seed("webp-animated", ".webp", partial(animated, "WEBP", duration=40)),
    *(
        Seed(f"tiff-{name}", ".tif", partial(tiff, HEIGHT, WIDTH, 3, **options))
        for name, options in {
            "plain": {},
            "zlib": {"compression": "zlib", "predictor": True},
            "tiled": {"tile": (16, 16)},
            "big": {"bigtiff": True},
            "planes": {"planarconfig": "contig", "rowsperstrip": 3},
            "motorola": {"byteorder": ">"},
        }.items()
    ),
    *(
        Seed(f"tiff-{kind}", ".tif", partial(saved, "RGB", "TIFF", compression=kind))
        for kind in ("jpeg", "tiff_lzw", "packbits", "tiff_adobe_deflate")
    ),
    *(Seed(f"tiff-{mode}", ".tif", partial(saved, mode, "TIFF")) for mode in ("1", "L", "P", "RGBA", "CMYK", "LAB")),
    Seed("tiff-uint16", ".tif", partial(tiff, HEIGHT, WIDTH, 3, dtype=np.uint16)),
    Seed("tiff-uint32", ".tif", partial(tiff, HEIGHT, WIDTH, dtype=np.uint32)),
    Seed("tiff-float32", ".tif", partial(tiff, HEIGHT, WIDTH, 3, dtype=np.float32)),
    Seed("tiff-float64", ".tif", partial(tiff, HEIGHT, WIDTH, dtype=np.float64)),
    Seed("tiff-pages", ".tif", partial(tiff, 3, HEIGHT, WIDTH, 3, photometric="rgb")),
    Seed(
        "tiff-metadata",
        ".tif",
        partial(
            tiff,
            HEIGHT,
            WIDTH,
            3,
            iccprofile=profile(),
            resolution=(300, 300),
            extratags=[(700, 1, len(XMP), XMP, True)],
        ),
    ),
    *(Seed(f"bmp-{mode}", ".bmp", partial(saved, mode, "BMP")) for mode in ("1", "L", "P", "RGB", "RGBA")),
    Seed("ppm-text", ".pgm", partial(ppm, b"P2", _SIZE + b" 255", _TEXT)),
    Seed("ppm-gray", ".pgm", partial(ppm, b"P5", _SIZE + b" 255", _GRAY.tobytes())),
    Seed("ppm-colour", ".ppm", partial(ppm, b"P6", _SIZE + b" 255", _RGB.tobytes())),
    Seed("ppm-16", ".ppm", partial(ppm, b"P6", _SIZE + b" 65535", levels(HEIGHT, WIDTH, 6).tobytes())),
    Seed("ppm-bits", ".pnm", partial(ppm, b"P4", _SIZE, bytes(HEIGHT * (WIDTH // 8 + 1)))),
    Seed("gif", ".gif", partial(saved, "P", "GIF")),
    Seed("gif-animated", ".gif", partial(animated, "GIF", duration=40)),
    Seed("avif", ".avif", partial(saved, "RGB", "AVIF", speed=10)),
    Seed("avif-alpha", ".avif", partial(saved, "RGBA", "AVIF", speed=10)),
    Seed("avif-animated", ".avif", partial(animated, "AVIF", speed=10, duration=40)),
    Seed("jpeg2000", ".jp2", partial(saved, "RGB", "JPEG2000")),
    Seed("icon", ".ico", partial(saved, "RGBA", "ICO")),
    Seed("tga", ".tga", partial(saved, "RGB", "TGA")),
    *(Seed(*each) for each in optional_seeds(image("RGB"), levels(HEIGHT, WIDTH, 3, dtype=np.uint16), exif())),
)
"""Every kind of file."""
