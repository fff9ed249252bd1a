"""Every file format's own settings: a photo, or the frames of an animation, to the bytes of a file.

Nothing is checked here; :mod:`opir.imaging.encode` does that, and takes care of metadata that do not fit.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, Protocol

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from opir.imaging.arrays import eight_bits, sixteen_bits
from opir.imaging.deep_png import with_16_bits
from opir.imaging.deep_ppm import encode_deep_ppm
from opir.imaging.exif import PREFIX
from opir.imaging.formats import FormatName
from opir.imaging.iptc import PNG_KEYWORD, app13_segment, png_text
from opir.imaging.modes import image_of
from opir.imaging.photo import Photo, Subsampling
from opir.imaging.png_colours import png_colour_chunks
from opir.imaging.printing_colours import gray_to_srgb, is_gray_profile
from opir.imaging.tiff_file import encode_tiff

JPEG_QUALITY: Final = 95
"""Quality of a JPEG that does not come from one: its loss stays below a grey level nearly everywhere."""
LOWEST_JPEG_QUALITY: Final = 85
"""Lowest quality that is taken over from a JPEG: a restored picture must not get its old damage again."""
FULL_COLOUR_QUALITY: Final = 90
"""Quality from which on a JPEG keeps all of its colour resolution (4:4:4)."""
WEBP_QUALITY: Final = 95
"""Quality of WebP for a picture that came from a file with loss."""
AVIF_QUALITY: Final = 90
"""Quality of AVIF, which is never lossless here."""
PNG_EFFORT: Final = 4
"""zlib level, 0 to 9: beyond 4 photographs hardly shrink any more and the time doubles."""

_MAX_JPEG_DPI = 65_535  # a 16-bit field, which Pillow lets overflow
_WEBP_EFFORT = 20  # for lossless files Pillow's "quality" is the effort


@dataclass(frozen=True, kw_only=True)
class Animation:
    """What an animation adds to its first frame."""

    further: tuple[Photo, ...]
    """The frames behind the first."""
    durations_ms: tuple[float, ...]
    """Of all frames [ms]."""
    n_plays: int
    """0 for ever."""


class Encoder(Protocol):
    """Encodes a photo; the animation is not None only where the format holds some."""

    def __call__(self, photo: Photo, quality: int | None, animation: Animation | None) -> bytes:
        """Return the bytes of the file."""


def _encode_png(photo: Photo, quality: int | None, animation: Animation | None) -> bytes:
    del quality
    metadata, texts = photo.metadata, PngInfo()
    if metadata.xmp:
        texts.add_itxt("XML:com.adobe.xmp", metadata.xmp.decode())
    if metadata.iptc:
        texts.add_text(PNG_KEYWORD, png_text(metadata.iptc), zip=True)
    for kind, data in png_colour_chunks(metadata.png_colours or b""):
        texts.add(kind, data)
    options: dict[str, object] = {"dpi": metadata.dpi, "icc_profile": metadata.icc_profile, "pnginfo": texts}
    if metadata.exif:
        options["exif"] = metadata.exif
    if animation is not None:
        # Each frame replaces what was there, so that colours below transparency survive too.
        options |= {"duration": list(animation.durations_ms), "loop": animation.n_plays, "blend": 0, "disposal": 0}
    if photo.bits == 8 or animation is not None:
        return _encode(photo, "PNG", animation, compress_level=PNG_EFFORT, **options)
    pixel = Photo(pixels=np.zeros((1, 1, photo.pixels.shape[2]), np.uint8))
    return with_16_bits(_encode(pixel, "PNG", None, **options), photo, effort=PNG_EFFORT)


def jpeg_settings(photo: Photo, quality: int | None) -> tuple[int, Subsampling]:
    """The quality and colour resolution of a JPEG: those asked for, else those of the JPEG that the photo came from."""
    if quality is None:
        source = photo.source_quality
        quality = JPEG_QUALITY if source is None else max(source, LOWEST_JPEG_QUALITY)
    return quality, "4:4:4" if quality >= FULL_COLOUR_QUALITY else (photo.source_subsampling or "4:4:4")


def _encode_jpeg(photo: Photo, quality: int | None, animation: Animation | None) -> bytes:
    metadata = photo.metadata
    dpi = metadata.dpi if metadata.dpi and max(metadata.dpi) <= _MAX_JPEG_DPI else (0, 0)  # 0: unknown
    quality, subsampling = jpeg_settings(photo, quality)
    return _encode(
        photo,
        "JPEG",
        animation,
        quality=quality,
        subsampling=subsampling,
        icc_profile=metadata.icc_profile,
        exif=PREFIX + metadata.exif if metadata.exif else b"",
        xmp=metadata.xmp,
        extra=((metadata.xmp_extension or b"") if metadata.xmp else b"")
        + (app13_segment(metadata.iptc) if metadata.iptc else b""),
        dpi=dpi,
    )


def _encode_webp(photo: Photo, quality: int | None, animation: Animation | None) -> bytes:
    photo = _coloured(photo)
    metadata = photo.metadata
    lossless = quality is None and not photo.source_is_lossy
    timing: dict[str, object] = {}
    if animation is not None:
        timing = {"duration": [round(each) for each in animation.durations_ms], "loop": animation.n_plays}
    return _encode(
        photo,
        "WEBP",
        None if animation is None else replace(animation, further=tuple(map(_coloured, animation.further))),
        lossless=lossless,
        quality=_WEBP_EFFORT if lossless else (quality or WEBP_QUALITY),
        exact=True,  # colours below full transparency are kept
        icc_profile=metadata.icc_profile or b"",
        exif=metadata.exif or b"",
        xmp=metadata.xmp or b"",
        **timing,
    )


def _encode_avif(photo: Photo, quality: int | None, animation: Animation | None) -> bytes:
    photo = _coloured(photo)
    metadata = photo.metadata
    return _encode(
        photo,
        "AVIF",
        animation,
        quality=quality or AVIF_QUALITY,
        subsampling="4:4:4",
        icc_profile=metadata.icc_profile or b"",
        exif=metadata.exif or b"",
        xmp=metadata.xmp or b"",
    )


def _encode_tiff(photo: Photo, quality: int | None, animation: Animation | None) -> bytes:
    del quality, animation
    return encode_tiff([photo])


def _encode_bmp(photo: Photo, quality: int | None, animation: Animation | None) -> bytes:
    del quality
    return _encode(photo, "BMP", animation, **({"dpi": photo.metadata.dpi} if photo.metadata.dpi else {}))


def _encode_ppm(photo: Photo, quality: int | None, animation: Animation | None) -> bytes:
    del quality
    return encode_deep_ppm(photo) if photo.bits == 16 else _encode(photo, "PPM", animation)


def _coloured(photo: Photo) -> Photo:
    """The photo, 8 bits, with three channels, for formats that know no gray.

    A profile of gray would not fit any more: it is applied, and sRGB takes its place.
    """
    if not photo.is_gray:
        return photo
    pixels, metadata = np.repeat(photo.pixels, 3, axis=2), photo.metadata
    if metadata.icc_profile is not None and is_gray_profile(metadata.icc_profile):
        converted = gray_to_srgb(photo.pixels.astype(np.uint8, copy=False), metadata.icc_profile)
        pixels, metadata = pixels if converted is None else converted, replace(metadata, icc_profile=None)
    return replace(photo, pixels=pixels, metadata=metadata)


def _encode(photo: Photo, format: FormatName, animation: Animation | None, **options: object) -> bytes:
    stream = io.BytesIO()
    if animation is not None:
        options |= {"save_all": True, "append_images": [_image(frame) for frame in animation.further]}
    _image(photo).save(stream, format, **options)
    return stream.getvalue()


def _image(photo: Photo) -> Image.Image:
    return image_of(photo.pixels, photo.alpha)


ENCODERS: Final[dict[FormatName, Encoder]] = {
    "PNG": _encode_png,
    "JPEG": _encode_jpeg,
    "WEBP": _encode_webp,
    "TIFF": _encode_tiff,
    "BMP": _encode_bmp,
    "PPM": _encode_ppm,
    "AVIF": _encode_avif,
}

REDUCERS: Final[dict[int, Callable[[Photo], Photo]]] = {8: eight_bits, 16: sixteen_bits, 32: lambda photo: photo}
"""By the largest number of bits that a format holds, what rounds a photo to it."""
