"""Write a picture, or several into one file: checks, metadata that do not fit, and the move into place.

What the formats keep besides the pixels:

====== ======== ===== ============ ==== === ==== =================== =======================
format bits     alpha ICC profile  EXIF XMP IPTC DPI                 several pictures
====== ======== ===== ============ ==== === ==== =================== =======================
PNG    8, 16    yes   yes          yes  yes yes  yes                 animation, 8 bits
TIFF   8 to 32  yes   yes          yes  yes yes  yes                 pages
WebP   8        yes   yes          yes  yes no   no                  animation
JPEG   8        no    yes          yes  yes yes  yes (whole numbers) no
AVIF   8        yes   yes          yes  yes no   no                  no
BMP    8        no    no           no   no  no   yes                 no
PPM    8, 16    no    no           no   no  no   no                  no
====== ======== ===== ============ ==== === ==== =================== =======================

PNG, TIFF, BMP and PPM give back the pixels exactly, and so does lossless WebP; WebP and AVIF know no gray, though: a
gray picture comes back with three equal channels. A picture with more bits than the format holds is rounded to the
nearest level. An alpha channel that is opaque everywhere is left out where the format has none.
"""

from __future__ import annotations

import logging
import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from opir.errors import ConfigurationError, OutputError
from opir.imaging.atomic import write_atomically
from opir.imaging.encoders import ENCODERS, REDUCERS, Animation
from opir.imaging.formats import FileFormat, check_content, check_output_path, format_named
from opir.imaging.frames import PhotoSequence
from opir.imaging.photo import Metadata, Photo
from opir.imaging.png_colours import is_srgb
from opir.imaging.restoration_record import without_records
from opir.imaging.tiff_file import encode_tiff

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


def write_photo(photo: Photo | PhotoSequence, path: Path, *, quality: int | None = None) -> None:
    """Write a photo, or the frames or pages of a sequence; the format follows from the suffix.

    The file appears under its name complete or not at all; what stood there before is replaced only at that moment.

    Args:
        photo: the photo, or several.
        path: the file; its folder must exist.
        quality: 1 to 100, for JPEG, WebP and AVIF only, the other formats have no loss. By default a JPEG that comes
            from a JPEG gets the quality of that, but at least 85, and other JPEGs 95; WebP is lossless, or gets 95 if
            the photo came from a file with loss; AVIF gets 90.

    Raises:
        OutputError: if the suffix is unknown, the format cannot hold the photo, or the file cannot be written.
        ConfigurationError: if ``quality`` is not in 1..100.
    """
    path = Path(path)
    kind = check_output_path(path, transparent=photo.is_transparent, size=photo.size)
    write_atomically(path, encode_photo(photo, kind.name, quality=quality))


def encode_photo(photo: Photo | PhotoSequence, format: str, *, quality: int | None = None) -> bytes:
    """The bytes of a file in one of the formats of :data:`opir.imaging.FORMATS`, named in either case.

    Metadata that the format cannot take (an EXIF block above 64 KiB in a JPEG, say) are left out with a warning in
    the log; they never fail the picture. See :func:`write_photo` for ``quality``.

    Raises:
        OutputError: if the format is unknown or cannot hold the photo, or not several of them.
        ConfigurationError: if ``quality`` is not in 1..100.
    """
    kind = format_named(format)
    if quality is not None and not 1 <= quality <= 100:
        raise ConfigurationError(f"quality must be in 1..100; got {quality}")
    frames = (photo,) if isinstance(photo, Photo) else photo.frames
    for frame in frames:
        check_content(kind, transparent=frame.is_transparent, size=frame.size)
    colours, profile = frames[0].metadata.png_colours, frames[0].metadata.icc_profile
    if kind.name != "PNG" and colours is not None and profile is None and not is_srgb(colours):
        _LOG.warning("the colours of a PNG file are not sRGB, and %s cannot say so: they may look different", kind.name)
    frames = tuple(_reduced(frame, kind) for frame in frames)
    if isinstance(photo, Photo):
        return _encode_photo(frames[0], kind, quality, None)
    check_several(photo, kind)
    if photo.kind == "pages":
        return _with_ever_less(kind, lambda less: encode_tiff([_less(page, less) for page in frames]))
    animation = Animation(further=frames[1:], durations_ms=photo.durations_ms, n_plays=photo.n_plays)
    if kind.max_bits > 8 and frames[0].bits > 8:
        frames = tuple(REDUCERS[8](frame) for frame in frames)
        animation = replace(animation, further=frames[1:])
    return _encode_photo(frames[0], kind, quality, animation)


def check_several(sequence: PhotoSequence, kind: FileFormat) -> None:
    """Raise :class:`OutputError` if the format cannot hold the frames or pages."""
    if sequence.kind != kind.several:
        what = f"{len(sequence.frames)} {'frames of an animation' if sequence.kind == 'animation' else 'pages'}"
        instead = "PNG or WebP" if sequence.kind == "animation" else "TIFF"
        raise OutputError(f"{kind.name} cannot hold {what}: write {instead} instead")


def _reduced(photo: Photo, kind: FileFormat) -> Photo:
    if photo.bits > kind.max_bits:
        photo = REDUCERS[kind.max_bits](photo)
    return replace(photo, alpha=None) if photo.alpha is not None and not kind.keeps_alpha else photo


def _encode_photo(photo: Photo, kind: FileFormat, quality: int | None, animation: Animation | None) -> bytes:
    return _with_ever_less(kind, lambda less: ENCODERS[kind.name](_less(photo, less), quality, animation))


_Less = Callable[[Metadata], Metadata]


def _with_ever_less(kind: FileFormat, encode: Callable[[_Less], bytes]) -> bytes:
    """Encode with all metadata, and as long as that fails, with less and less of them."""
    first_error: Exception | None = None
    for less in _EVER_LESS:
        try:
            data = encode(less)
        except _ENCODER_FAILURES as error:
            first_error = first_error or error
            continue
        if first_error is not None:
            _LOG.warning("some metadata do not fit into a %s file and were left out (%s)", kind.name, first_error)
        return data
    raise OutputError(f"the picture cannot be encoded as {kind.name} ({first_error})") from first_error


def _less(photo: Photo, less: _Less) -> Photo:
    return replace(photo, metadata=less(photo.metadata))


def _colours_of(metadata: Metadata) -> Metadata:
    return Metadata(icc_profile=metadata.icc_profile, png_colours=metadata.png_colours)


_EVER_LESS: tuple[_Less, ...] = (
    lambda metadata: metadata,
    lambda metadata: replace(metadata, xmp=without_records(metadata.xmp) if metadata.xmp else None),
    lambda metadata: replace(metadata, iptc=None),
    lambda metadata: replace(metadata, xmp=None),
    lambda metadata: replace(metadata, exif=None),
    lambda metadata: replace(_colours_of(metadata), dpi=metadata.dpi),
    _colours_of,
    lambda _: Metadata(),
)
"""What others wrote is worth more than our note; the colour profile, which changes how the picture looks, goes last."""
