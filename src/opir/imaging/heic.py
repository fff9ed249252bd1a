"""Decode HEIC photographs, as phones write them, with pillow-heif (extra ``heif``); 10 and 12 bits become 16."""

from __future__ import annotations

from typing import BinaryIO

import numpy as np
from PIL import Image

from opir.errors import UnsupportedImageError
from opir.imaging.extras import decoder
from opir.imaging.guard import check_size
from opir.imaging.metadata import read_metadata
from opir.imaging.photo import Photo, Samples


def read_heic(stream: BinaryIO, max_pixels: int) -> Photo:
    """Read the main picture of a HEIC file; previews, depth maps and further pictures are left alone.

    Raises:
        MissingDecoderError: if pillow-heif is not installed.
        UnsupportedImageError: if the colour model is not handled.
        ImageTooLargeError: if it has more pixels than allowed.
    """
    pillow_heif = decoder("heif")
    stream.seek(0)
    file = pillow_heif.open_heif(stream, convert_hdr_to_8bit=False)
    image = file[file.primary_index]
    check_size(image.size, max_pixels)
    mode = str(image.mode)
    samples: Samples = np.array(image)  # decodes here, and turns it upright; EXIF says the same once more
    samples = samples[..., None] if samples.ndim == 2 else samples
    base = mode.partition(";")[0]
    if base not in ("L", "LA", "RGB", "RGBA", "RGBa") or samples.dtype not in (np.uint8, np.uint16):
        raise UnsupportedImageError(f"the colour mode {mode} is not handled; convert it to RGB first")
    metadata, _ = read_metadata(_carrier(image.info), is_upright=True)
    n_colours = 1 if base[0] == "L" else 3
    has_alpha = samples.shape[2] > n_colours
    return Photo(
        pixels=np.ascontiguousarray(samples[..., :n_colours]),
        alpha=np.ascontiguousarray(samples[..., n_colours]) if has_alpha else None,
        metadata=metadata,
        source_format="HEIC",
        source_is_lossy=True,
    )


def _carrier(info: object) -> Image.Image:
    """An image of one pixel with the picture's information, for the reader of metadata."""
    carrier = Image.new("L", (1, 1))
    if isinstance(info, dict):
        carrier.info.update({key: info[key] for key in ("exif", "xmp", "icc_profile", "dpi") if info.get(key)})
    return carrier
