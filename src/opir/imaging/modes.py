"""Convert between Pillow's modes and the two arrays of a photo: colours or gray, and transparency."""

from __future__ import annotations

import numpy as np
from PIL import Image

from opir.errors import UnsupportedImageError
from opir.imaging.photo import Samples

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

_REFUSALS: dict[str, str] = {
    "CMYK": "the picture is in CMYK printing inks; convert it to sRGB first",
    "LAB": "the picture is in CIE Lab; convert it to sRGB first",
    "I;16": "the picture has 16 bits per channel; only 8 are handled yet: convert it to 8 bits first",
    "F": "the picture has floating-point samples; only 8 bits are handled yet: convert it to 8 bits first",
}
_REFUSALS.update(dict.fromkeys(("I", "I;16B", "I;16L", "I;16N"), _REFUSALS["I;16"]))


def check_mode(image: Image.Image) -> None:
    """Raise :class:`UnsupportedImageError` unless the mode can be taken over without loss."""
    if image.mode not in _OPAQUE_MODES:
        raise UnsupportedImageError(
            _REFUSALS.get(image.mode, f"the colour mode {image.mode} is not handled; convert it to RGB first")
        )


def arrays_of(image: Image.Image) -> tuple[Samples, Samples | None]:
    """Take the pixels (H, W, C) and the alpha (H, W) or None out of a loaded image, both uint8 and contiguous.

    Palettes become RGB, single bits 0 and 255. A transparent palette entry or colour becomes alpha. Premultiplied
    colours (a TIFF with associated alpha) are divided by their alpha, which rounds.

    Raises:
        UnsupportedImageError: if the mode cannot be taken over without loss.
    """
    check_mode(image)
    mode = _OPAQUE_MODES[image.mode]
    if not image.has_transparency_data:
        samples = _array(image, mode)
        return samples.reshape(*samples.shape[:2], -1), None
    samples = _array(image, mode + "A")
    return np.ascontiguousarray(samples[..., :-1]), np.ascontiguousarray(samples[..., -1])


def _array(image: Image.Image, mode: str) -> Samples:
    return np.array(image if image.mode == mode else image.convert(mode), dtype=np.uint8)


def image_of(pixels: Samples, alpha: Samples | None) -> Image.Image:
    """Put pixels (H, W, C) and alpha (H, W) or None into a Pillow image of mode L, LA, RGB or RGBA."""
    if alpha is not None:
        return Image.fromarray(np.concatenate([pixels, alpha[..., None]], axis=2))
    return Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
