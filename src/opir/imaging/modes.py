"""Convert between Pillow's modes and the two arrays of a photo: colours or gray, and transparency."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from opir.errors import UnsupportedImageError
from opir.imaging.arrays import check_range
from opir.imaging.photo import Samples
from opir.imaging.printing_colours import CONVERTED_MODES

# Pillow's mode: the mode without transparency that shows the same picture.
_OPAQUE_MODES: dict[str, str] = {
    "1": "L",
    "L": "L",
    "LA": "L",
    "La": "L",
    "P": "RGB",
    "PA": "RGB",
    "RGB": "RGB",
    "RGBA": "RGB",
    "RGBa": "RGB",
    "RGBX": "RGB",
    "YCbCr": "RGB",
}

_DEEP_MODES: dict[str, np.dtype[np.uint16 | np.float32]] = {
    **dict.fromkeys(("I;16", "I;16L", "I;16B", "I;16N"), np.dtype(np.uint16)),
    "F": np.dtype(np.float32),
}


def check_mode(image: Image.Image) -> None:
    """Raise :class:`UnsupportedImageError` unless the mode can be taken over without loss."""
    if image.mode not in _OPAQUE_MODES and image.mode not in CONVERTED_MODES and image.mode not in _DEEP_MODES:
        raise UnsupportedImageError(f"the colour mode {image.mode} is not handled; convert it to RGB or L first")


def arrays_of(image: Image.Image) -> tuple[Samples, Samples | None]:
    """Take the pixels (H, W, C) and the alpha (H, W) or None out of a loaded image, both contiguous.

    Gray images of 16 bits give uint16, those of mode F float32, all others uint8. Palettes become RGB, single bits
    0 and 255. A transparent palette entry or colour becomes alpha. Premultiplied colours (a TIFF with associated
    alpha) are divided by their alpha, which rounds.

    Raises:
        UnsupportedImageError: if the mode cannot be taken over without loss, or must be converted before.
    """
    check_mode(image)
    if image.mode in _DEEP_MODES:
        deep: Samples = np.array(image, dtype=_DEEP_MODES[image.mode])[..., None]
        check_range(deep)
        return deep, None
    if image.mode in CONVERTED_MODES:
        raise UnsupportedImageError(f"the colour mode {image.mode} must be converted to RGB first")
    mode = _OPAQUE_MODES[image.mode]
    if not image.has_transparency_data:
        samples = _array(image, mode)
        return samples.reshape(*samples.shape[:2], -1), None
    samples = _array(image, mode + "A")
    return np.ascontiguousarray(samples[..., :-1]), np.ascontiguousarray(samples[..., -1])


def _array(image: Image.Image, mode: str) -> NDArray[np.uint8]:
    return np.array(image if image.mode == mode else image.convert(mode), dtype=np.uint8)


def image_of(pixels: Samples, alpha: Samples | None) -> Image.Image:
    """Put pixels (H, W, C) and alpha (H, W) or None into a Pillow image of mode L, LA, RGB or RGBA."""
    if alpha is not None:
        return Image.fromarray(np.concatenate([pixels, alpha[..., None]], axis=2))
    return Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
