"""Write a picture: every format's settings, and the move into place.

What the formats keep besides the pixels:

====== ===== ============ ==== === ===================
format alpha ICC profile  EXIF XMP DPI
====== ===== ============ ==== === ===================
PNG    yes   yes          yes  yes yes
TIFF   yes   yes          yes  yes yes
WebP   yes   yes          yes  yes no
JPEG   no    yes          yes  yes yes (whole numbers)
BMP    no    no           no   no  yes
PPM    no    no           no   no  no
====== ===== ============ ==== === ===================

PNG, TIFF, BMP and PPM give back the pixels exactly, and so does lossless WebP; WebP knows no gray, though: a gray
picture comes back with three equal channels. JPEG is written 4:4:4. An alpha channel that is opaque everywhere is
left out where the format has none.
"""

from __future__ import annotations

import io
import logging
import struct
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL.PngImagePlugin import PngInfo

from opir.errors import ConfigurationError, OutputError
from opir.imaging.atomic import write_atomically
from opir.imaging.exif import PREFIX
from opir.imaging.exif_in_tiff import append_exif, byte_order_of
from opir.imaging.formats import FormatName, check_content, check_output_path, format_named
from opir.imaging.modes import image_of
from opir.imaging.photo import Metadata, Photo

JPEG_QUALITY = 95
"""Default quality of JPEG: its loss stays below a grey level nearly everywhere."""
WEBP_QUALITY = 95
"""Default quality of WebP for a picture that came from a file with loss."""
PNG_EFFORT = 4
"""zlib level, 0 to 9: beyond 4 photographs hardly shrink any more and the time doubles."""

_LOG = logging.getLogger(__name__)

_ENCODER_FAILURES = (
    ArithmeticError,
    LookupError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
)
"""What Pillow's and tifffile's encoders raise."""


def write_photo(photo: Photo, path: Path, *, quality: int | None = None) -> None:
    """Write a photo; the format follows from the suffix.

    The file appears under its name complete or not at all; what stood there before is replaced only at that moment.

    Args:
        photo: the photo.
        path: the file; its folder must exist.
        quality: 1 to 100, for JPEG and WebP only, the other formats have no loss. By default JPEG gets 95, WebP is
            lossless, or gets 95 if the photo came from a file with loss.

    Raises:
        OutputError: if the suffix is unknown, the format cannot hold the photo, or the file cannot be written.
        ConfigurationError: if ``quality`` is not in 1..100.
    """
    path = Path(path)
    size = (photo.width, photo.height)
    kind = check_output_path(path, transparent=photo.is_transparent, size=size)
    write_atomically(path, encode_photo(photo, kind.name, quality=quality))


def encode_photo(photo: Photo, format: str, *, quality: int | None = None) -> bytes:
    """The bytes of a photo's file in one of the formats of :data:`opir.imaging.FORMATS`, named in either case.

    Metadata that the format cannot take (an EXIF block above 64 KiB in a JPEG, say) are left out with a warning in
    the log; they never fail the picture. See :func:`write_photo` for ``quality``.

    Raises:
        OutputError: if the format is unknown or cannot hold the photo.
        ConfigurationError: if ``quality`` is not in 1..100.
    """
    kind = format_named(format)
    if quality is not None and not 1 <= quality <= 100:
        raise ConfigurationError(f"quality must be in 1..100; got {quality}")
    check_content(kind, transparent=photo.is_transparent, size=(photo.width, photo.height))
    if photo.alpha is not None and not kind.keeps_alpha:
        photo = replace(photo, alpha=None)
    first_error: Exception | None = None
    for metadata in _ever_less(photo.metadata):
        try:
            data = _ENCODERS[kind.name](replace(photo, metadata=metadata), quality)
        except _ENCODER_FAILURES as error:
            first_error = first_error or error
            continue
        if first_error is not None:
            _LOG.warning("some metadata do not fit into a %s file and were left out (%s)", kind.name, first_error)
        return data
    raise OutputError(f"the picture cannot be encoded as {kind.name} ({first_error})") from first_error


def _ever_less(metadata: Metadata) -> Iterator[Metadata]:
    """All metadata, then less and less; the colour profile, which changes how the picture looks, goes last."""
    tried: list[Metadata] = []
    for candidate in (
        metadata,
        replace(metadata, xmp=None),
        replace(metadata, exif=None),
        Metadata(icc_profile=metadata.icc_profile, dpi=metadata.dpi),
        Metadata(icc_profile=metadata.icc_profile),
        Metadata(),
    ):
        if candidate not in tried:
            tried.append(candidate)
            yield candidate


def _encode_png(photo: Photo, quality: int | None) -> bytes:
    del quality
    metadata, texts = photo.metadata, PngInfo()
    if metadata.xmp:
        texts.add_itxt("XML:com.adobe.xmp", metadata.xmp.decode())
    options = {"exif": metadata.exif, "dpi": metadata.dpi} if metadata.exif else {"dpi": metadata.dpi}
    return _encode(photo, "PNG", pnginfo=texts, icc_profile=metadata.icc_profile, compress_level=PNG_EFFORT, **options)


def _encode_jpeg(photo: Photo, quality: int | None) -> bytes:
    metadata = photo.metadata
    dpi = metadata.dpi if metadata.dpi and max(metadata.dpi) <= _MAX_JPEG_DPI else (0, 0)  # 0: unknown
    return _encode(
        photo,
        "JPEG",
        quality=JPEG_QUALITY if quality is None else quality,
        subsampling="4:4:4",
        icc_profile=metadata.icc_profile,
        exif=PREFIX + metadata.exif if metadata.exif else b"",
        xmp=metadata.xmp,
        dpi=dpi,
    )


def _encode_webp(photo: Photo, quality: int | None) -> bytes:
    metadata = photo.metadata
    lossless = quality is None and not photo.source_is_lossy
    if photo.is_gray:
        photo = replace(photo, pixels=np.repeat(photo.pixels, 3, axis=2))
    return _encode(
        photo,
        "WEBP",
        lossless=lossless,
        quality=_WEBP_EFFORT if lossless else (quality or WEBP_QUALITY),
        exact=True,  # colours below full transparency are kept
        icc_profile=metadata.icc_profile or b"",
        exif=metadata.exif or b"",
        xmp=metadata.xmp or b"",
    )


def _encode_tiff(photo: Photo, quality: int | None) -> bytes:
    del quality
    # Not at the top of the file: tifffile takes ten times as long to import as all of Pillow that is used.
    from tifffile import imwrite

    metadata, stream = photo.metadata, io.BytesIO()
    exif, xmp = metadata.exif, metadata.xmp
    parts = [photo.pixels] if photo.alpha is None else [photo.pixels, photo.alpha[..., None]]
    samples = np.concatenate(parts, axis=2)
    imwrite(
        stream,
        samples[..., 0] if samples.shape[2] == 1 else samples,
        byteorder=byte_order_of(exif) if exif else "<",
        photometric="minisblack" if photo.is_gray else "rgb",
        planarconfig="contig" if samples.shape[2] > 1 else None,
        extrasamples=None if photo.alpha is None else ["unassalpha"],
        compression="zlib",
        predictor=True,
        metadata=None,
        software=False,
        resolution=metadata.dpi,
        resolutionunit=2 if metadata.dpi else None,
        iccprofile=metadata.icc_profile,
        extratags=[(_XMP_TAG, 1, len(xmp), xmp, True)] if xmp else None,
    )
    return append_exif(stream.getvalue(), exif) if exif else stream.getvalue()


def _encode_bmp(photo: Photo, quality: int | None) -> bytes:
    del quality
    return _encode(photo, "BMP", **({"dpi": photo.metadata.dpi} if photo.metadata.dpi else {}))


def _encode_ppm(photo: Photo, quality: int | None) -> bytes:
    del quality
    return _encode(photo, "PPM")


def _encode(photo: Photo, format: FormatName, **options: object) -> bytes:
    stream = io.BytesIO()
    image_of(photo.pixels, photo.alpha).save(stream, format, **options)
    return stream.getvalue()


_XMP_TAG = 700
_MAX_JPEG_DPI = 65_535  # a 16-bit field, which Pillow lets overflow
_WEBP_EFFORT = 20  # for lossless files Pillow's "quality" is the effort

_ENCODERS: dict[FormatName, Callable[[Photo, int | None], bytes]] = {
    "PNG": _encode_png,
    "JPEG": _encode_jpeg,
    "WEBP": _encode_webp,
    "TIFF": _encode_tiff,
    "BMP": _encode_bmp,
    "PPM": _encode_ppm,
}
