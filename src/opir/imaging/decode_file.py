"""Decode the one picture of a file whose header is known: the way that fits its format and its depth."""

from __future__ import annotations

import io
import logging
import re
from dataclasses import replace
from typing import BinaryIO

from PIL import Image, ImageFile, features

from opir.errors import UnreadableImageError, UnsupportedImageError
from opir.imaging.deep_png import keyed_alpha
from opir.imaging.deep_ppm import read_deep_ppm
from opir.imaging.deep_tiff import read_deep_tiff
from opir.imaging.extras import decoder
from opir.imaging.guard import check_size, decoding
from opir.imaging.header_fields import Header
from opir.imaging.heic import read_heic
from opir.imaging.jpeg_quality import jpeg_quality, jpeg_subsampling
from opir.imaging.metadata import read_metadata
from opir.imaging.modes import arrays_of, check_mode
from opir.imaging.orientation import turn_upright
from opir.imaging.photo import Metadata, Photo, Samples
from opir.imaging.png_colours import read_png_colours
from opir.imaging.png_rescue import without_metadata
from opir.imaging.printing_colours import CONVERTED_MODES, to_srgb
from opir.imaging.raw import read_raw
from opir.imaging.tiff_header import TiffPage
from opir.imaging.tiff_metadata import read_tiff_metadata
from opir.imaging.two_passes import decode_16_bits

_LOG = logging.getLogger(__name__)
_MOTION = re.compile(rb":(?:MotionPhoto|MicroVideo)\s*(?:=\s*[\"']|>)\s*1")


def read_picture(stream: BinaryIO, header: Header, max_pixels: int) -> Photo:
    """Decode the picture that the header announces: that of the file, or one page of a TIFF file.

    Raises:
        ImageError: as :func:`opir.imaging.read_photo`.
    """
    with decoding(f"the {header.format} file"):
        if isinstance(header, TiffPage):
            return _read_tiff_page(stream, header, max_pixels)
        if header.format == "HEIC":
            return read_heic(stream, max_pixels)
        if header.format == "RAW":
            return read_raw(stream, max_pixels)
        if header.format == "PPM" and (header.bits or 8) > 8:
            return Photo(pixels=read_deep_ppm(stream), source_format="PPM")
        if header.format == "PNG":
            return _read_png(stream, header, max_pixels)
        if header.format == "JXL":
            decoder("jxl")  # announces itself to Pillow
        return photo_of(_decoded(stream, header, max_pixels), header)


def check_header(header: Header, max_pixels: int) -> None:
    """Raise :class:`ImageError` if the header alone tells that the picture is too large or cannot be decoded whole."""
    if header.size is not None:
        check_size(header.size, max_pixels)
    if header.format == "JXL" and (header.size is None or header.is_animated):
        raise UnsupportedImageError("is a JPEG XL file with several frames or of an unknown size; convert it to PNG")
    if header.bits is not None and header.bits > 8 and header.format not in ("PNG", "TIFF", "PPM", "HEIC"):
        raise UnsupportedImageError(
            f"has {header.bits} bits per channel, of which the decoder for {header.format} would drop all but 8: "
            "convert it to a 16-bit PNG or TIFF, or to 8 bits if that is acceptable"
        )


def open_image(stream: BinaryIO, header: Header, max_pixels: int) -> ImageFile.ImageFile:
    """Open a file with Pillow, without decoding it, and check what could not be seen in the header."""
    if header.format == "AVIF" and not features.check("avif"):
        raise UnsupportedImageError("is an AVIF picture, and this Pillow was built without it: pip install -U pillow")
    stream.seek(0)
    image = Image.open(stream, formats=(header.format,) if header.format != "JPEG" else ("JPEG", "MPO"))
    check_size(image.size, max_pixels)
    return image


def photo_of(image: Image.Image, header: Header | None) -> Photo:
    """Take over a loaded Pillow image."""
    metadata, orientation = read_metadata(image, is_upright=_is_upright(image, header))
    notes = _left_alone(image, metadata)
    quality, subsampling = jpeg_quality(image), jpeg_subsampling(image)
    name = header.format if header else ("JPEG" if image.format == "MPO" else image.format)
    if image.mode in CONVERTED_MODES:
        image, note = to_srgb(image)
        metadata, notes = replace(metadata, icc_profile=None), (*notes, note)
    pixels, alpha = arrays_of(image)
    return Photo(
        pixels=turn_upright(pixels, orientation),
        alpha=None if alpha is None else turn_upright(alpha, orientation),
        metadata=metadata,
        source_format=name,
        source_is_lossy=header.is_lossy if header else name == "JPEG",
        source_quality=quality if name == "JPEG" else None,
        source_subsampling=subsampling,
        notes=notes,
    )


def _left_alone(image: Image.Image, metadata: Metadata) -> tuple[str, ...]:
    """Sentences about what else a JPEG holds: its pictures besides the photo, and a video."""
    notes = []
    if image.format == "MPO":
        n_more = max(1, int(getattr(image, "n_frames", 2)) - 1)
        what = "another picture" if n_more == 1 else f"{n_more} more pictures"
        notes.append(f"{what} in the file, such as a preview, a gain map or a second view, not taken over")
    if image.format in ("JPEG", "MPO") and _MOTION.search(metadata.xmp or b""):
        notes.append("the video of a motion photo not taken over")
    return tuple(notes)


def _is_upright(image: Image.Image, header: Header | None) -> bool:
    """Whether the decoder has turned the image: that of JPEG XL does, but for a JPEG packed into it."""
    return header is not None and header.format == "JXL" and not getattr(image, "jpeg", False)


def _decoded(stream: BinaryIO, header: Header, max_pixels: int) -> ImageFile.ImageFile:
    image = open_image(stream, header, max_pixels)
    # A JPEG with further images inside is called MPO; its first one is the photo.
    if image.format != "MPO" and getattr(image, "is_animated", False):
        raise UnsupportedImageError(SEVERAL)
    check_mode(image)
    image.load()
    return image


SEVERAL = (
    "holds several pictures (an animation or pages): `opir restore` and read_pictures take all of them; here, save "
    "the wanted one as a single picture"
)
"""Why a file with several pictures is refused where one is wanted."""


def _read_tiff_page(stream: BinaryIO, page: TiffPage, max_pixels: int) -> Photo:
    if page.size is None:
        raise UnreadableImageError("the TIFF file is damaged: a page has no size")
    check_size(page.size, max_pixels)
    notes: tuple[str, ...] = ()
    if page.is_float or (page.bits or 1) > 8:
        pixels, alpha = read_deep_tiff(stream, page)
    else:
        image = open_image(stream, page, max_pixels)
        image.seek(page.index)
        check_size(image.size, max_pixels)
        check_mode(image)
        image.load()  # turns it upright
        pixels, alpha, notes = _upright_arrays(image)
    metadata = read_tiff_metadata(stream, page.offset, turned_by=page.orientation)
    return Photo(
        pixels=pixels,
        alpha=alpha,
        metadata=replace(metadata, icc_profile=None) if notes else metadata,
        source_format="TIFF",
        source_is_lossy=page.is_lossy,
        notes=notes,
    )


def _upright_arrays(image: Image.Image) -> tuple[Samples, Samples | None, tuple[str, ...]]:
    if image.mode not in CONVERTED_MODES:
        return *arrays_of(image), ()
    converted, note = to_srgb(image)
    return *arrays_of(converted), (note,)


def _read_png(stream: BinaryIO, header: Header, max_pixels: int) -> Photo:
    colours = read_png_colours(stream)
    photo = _read_any_png(stream, header, max_pixels)
    return replace(photo, metadata=replace(photo.metadata, png_colours=colours))


def _read_any_png(stream: BinaryIO, header: Header, max_pixels: int) -> Photo:
    try:
        with decoding("the PNG file"):
            return _read_sound_png(stream, header, max_pixels)
    except UnreadableImageError as error:
        # Metadata must not fail the picture: once more without them, and if that fails, the first error.
        stream.seek(0)
        bare = io.BytesIO(without_metadata(stream.read()))
        try:
            with decoding("the PNG file"):
                photo = _read_sound_png(bare, header, max_pixels)
        except UnreadableImageError:
            raise error from error.__cause__
        _LOG.warning("the metadata of a PNG file are damaged and were left out (%s)", error)
        return photo


def _read_sound_png(stream: BinaryIO, header: Header, max_pixels: int) -> Photo:
    if header.bits == 16:
        return _read_deep_png(stream, header, max_pixels)
    image = _decoded(stream, header, max_pixels)
    key = image.info.get("transparency")
    if image.mode == "L" and isinstance(key, int) and header.bits in (2, 4):
        image.info["transparency"] = key * 255 // (2**header.bits - 1)  # to the scale of the pixels
    return photo_of(image, header)


def _read_deep_png(stream: BinaryIO, header: Header, max_pixels: int) -> Photo:
    if header.is_animated:
        raise UnsupportedImageError("is an animation with 16 bits per channel; save its frames as single pictures")
    samples, image = decode_16_bits(lambda: open_image(stream, header, max_pixels))
    n_colours = 1 if samples.shape[2] < 3 else 3
    alpha: Samples | None = samples[..., n_colours] if samples.shape[2] > n_colours else None
    if alpha is None:
        alpha = keyed_alpha(samples, image.info.get("transparency"))
    metadata, orientation = read_metadata(image)
    return Photo(
        pixels=turn_upright(samples[..., :n_colours], orientation),
        alpha=None if alpha is None else turn_upright(alpha, orientation),
        metadata=metadata,
        source_format="PNG",
    )
