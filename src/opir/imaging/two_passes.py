"""Decode 16-bit samples with Pillow, which keeps 8 of them: once the upper and once the lower halves.

Pillow's decoders for PNG (zlib, five filters, interlacing) and TIFF (libtiff and its compressions) are complete and
bounded; only the last step, the unpacking into an image of 8 bits per channel, throws a byte of every sample away.
Which one is chosen by name: ``RGB;16B`` takes the first byte of each sample, ``RGB;16L`` the second. So a file that is
decoded under both names gives all bits, in twice the time, without another library and without a codec of our own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import ImageFile

from opir.errors import UnsupportedImageError

_TWINS: Final[dict[str, tuple[str, str]]] = {
    # name that Pillow chose: (name for the upper byte, name for the lower byte)
    "RGB;16B": ("RGB;16B", "RGB;16L"),
    "RGB;16L": ("RGB;16L", "RGB;16B"),
    "RGBA;16B": ("RGBA;16B", "RGBA;16L"),
    "RGBA;16L": ("RGBA;16L", "RGBA;16B"),
    "RGBX;16B": ("RGBX;16B", "RGBX;16L"),
    "RGBX;16L": ("RGBX;16L", "RGBX;16B"),
}


def decode_16_bits(open_image: Callable[[], ImageFile.ImageFile]) -> tuple[NDArray[np.uint16], ImageFile.ImageFile]:
    """Decode all 16 bits of every sample.

    Args:
        open_image: opens the file anew, at the wanted page, without loading it; called once or twice.

    Returns:
        (H, W, C), C = 1 gray, 2 gray and alpha, 3 RGB, 4 RGB and alpha; and the image after loading, which knows
        the metadata and whose own pixels are not to be used.

    Raises:
        UnsupportedImageError: if Pillow knows no way to its 16 bits.
    """
    image = open_image()
    name = _raw_name(image)
    if name.startswith("I;16"):
        image.load()
        return np.asarray(image).astype(np.uint16, copy=False)[..., None], image
    if name == "LA;16B":  # as many bits as a pixel of RGBA, whose bytes are copied as they are
        _rename(image, "RGBA", "RGBA")
        image.load()
        raw = np.ascontiguousarray(np.asarray(image))
        return raw.view(">u2").astype(np.uint16), image
    if name not in _TWINS:
        raise UnsupportedImageError(
            f"has 16 bits per channel in a form that is not handled ({name or image.mode}); "
            "save it as 16-bit RGB, uncompressed or with ZIP compression"
        )
    upper, lower = _TWINS[name]
    mode = "RGBA" if name.startswith("RGBA") else "RGB"
    _rename(image, mode, upper)
    image.load()
    samples = np.asarray(image).astype(np.uint16)
    samples <<= 8
    del image  # one of the two at a time
    image = open_image()
    _rename(image, mode, lower)
    image.load()
    samples |= np.asarray(image)
    return samples, image


def _raw_name(image: ImageFile.ImageFile) -> str:
    names = {_name_of(tile.args) for tile in image.tile}
    return names.pop() if len(names) == 1 else ""


def _name_of(arguments: object) -> str:
    first = arguments[0] if isinstance(arguments, tuple) and arguments else arguments
    if not isinstance(first, str):
        return ""
    # libtiff hands samples over in the order of this machine
    return first.replace("16N", "16L" if np.little_endian else "16B") if first[:3] == "RGB" else first


def _rename(image: ImageFile.ImageFile, mode: str, name: str) -> None:
    image._mode = mode
    image.tile = [
        tile._replace(args=(name, *tile.args[1:]) if isinstance(tile.args, tuple) else name) for tile in image.tile
    ]
