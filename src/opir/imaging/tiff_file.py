"""Write TIFF files with tifffile: any depth, any number of pages, ZIP compression, metadata page by page."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

from opir.imaging.exif_in_tiff import append_exif, byte_order_of
from opir.imaging.photo import Photo, Samples
from opir.imaging.tiff_metadata import IPTC_TAG, XMP_TAG

if TYPE_CHECKING:
    from tifffile import TiffWriter

_BYTE, _UNDEFINED = 1, 7


def encode_tiff(pages: Sequence[Photo]) -> bytes:
    """The bytes of a TIFF file with the photos as its pages.

    Raises:
        BrokenDirectoryError, ValueError, struct.error: if the metadata of a page do not fit.
    """
    # Not at the top of the file: tifffile takes ten times as long to import as all of Pillow that is used.
    from tifffile import TiffWriter

    stream = io.BytesIO()
    with TiffWriter(stream, byteorder=_byte_order(pages), bigtiff=_needs_big(pages)) as writer:
        for photo in pages:
            _write_page(writer, photo)
    data = stream.getvalue()
    for index, photo in enumerate(pages):
        if photo.metadata.exif:
            data = append_exif(data, photo.metadata.exif, page=index)
    return data


def _byte_order(pages: Sequence[Photo]) -> Literal["<", ">"]:
    """That of the first EXIF block, which is appended as it is."""
    return next((byte_order_of(photo.metadata.exif) for photo in pages if photo.metadata.exif), "<")


def _needs_big(pages: Sequence[Photo]) -> bool:
    """Whether the file may not fit into 32-bit positions, even if nothing can be compressed."""
    return (
        sum(photo.pixels.nbytes + (0 if photo.alpha is None else photo.alpha.nbytes) for photo in pages) > 0xF000_0000
    )


def _write_page(writer: TiffWriter, photo: Photo) -> None:
    metadata = photo.metadata
    tags = [
        (tag, kind, len(value), value, True)
        for tag, kind, value in ((XMP_TAG, _BYTE, metadata.xmp), (IPTC_TAG, _UNDEFINED, metadata.iptc))
        if value
    ]
    samples: Samples = photo.pixels
    if photo.alpha is not None:
        samples = np.concatenate([photo.pixels, photo.alpha[..., None]], axis=2)
    writer.write(
        samples[..., 0] if samples.shape[2] == 1 else samples,
        photometric="minisblack" if photo.is_gray else "rgb",
        planarconfig="contig" if samples.shape[2] > 1 else None,
        extrasamples=None if photo.alpha is None else ["unassalpha"],
        compression="zlib",
        predictor=photo.bits != 32,  # that of floating-point samples needs a library that not everybody has
        metadata=None,
        software=False,
        contiguous=False,
        resolution=metadata.dpi,
        resolutionunit=2 if metadata.dpi else None,
        iccprofile=metadata.icc_profile,
        extratags=tags or None,
    )
