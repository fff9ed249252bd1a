"""Develop camera raw files with LibRaw (extra ``raw``): camera white balance, sRGB, 16 bits."""

from __future__ import annotations

import io
from typing import BinaryIO

import numpy as np

from opir.errors import UnreadableImageError
from opir.imaging.extras import decoder
from opir.imaging.guard import check_size, reason
from opir.imaging.photo import Photo

_SRGB_GAMMA = (2.4, 12.92)


def read_raw(stream: BinaryIO, max_pixels: int) -> Photo:
    """Develop a raw file; the note of the photo says how.

    Raises:
        MissingDecoderError: if rawpy is not installed.
        UnreadableImageError: if LibRaw cannot read the file.
        ImageTooLargeError: if it has more pixels than allowed.
    """
    rawpy = decoder("raw")
    stream.seek(0)
    try:
        with rawpy.imread(io.BytesIO(stream.read())) as file:
            check_size((file.sizes.raw_width, file.sizes.raw_height), max_pixels)
            pixels = file.postprocess(
                use_camera_wb=True,
                no_auto_bright=True,
                output_color=rawpy.ColorSpace.sRGB,
                gamma=_SRGB_GAMMA,
                output_bps=16,
            )
    except rawpy.LibRawError as error:
        raise UnreadableImageError(f"LibRaw cannot read the raw file ({reason(error)})") from error
    return Photo(
        pixels=np.ascontiguousarray(pixels[..., :3]),
        source_format="RAW",
        notes=("developed from camera raw with LibRaw: white balance of the camera, sRGB, 16 bits; no metadata kept",),
    )
