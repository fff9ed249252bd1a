"""Convert printing inks, CIE Lab and profiled gray to sRGB through LittleCMS.

The network knows red, green and blue, and so do the formats that know no gray.

ICC.1:2022; the rendering intent is relative colorimetric with black point compensation, what image editors take for
photographs unless told otherwise.
"""

from __future__ import annotations

import io
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from opir.imaging.guard import reason

CONVERTED_MODES: Final[frozenset[str]] = frozenset({"CMYK", "LAB"})
"""Pillow's names of the colour models that are converted."""

_FAILURES: Final = (ImageCms.PyCMSError, OSError, SyntaxError, TypeError, ValueError)


def to_srgb(image: Image.Image) -> tuple[Image.Image, str]:
    """Convert a loaded image of a mode in :data:`CONVERTED_MODES` to RGB; return it and the sentence that says so.

    The profile of the file is used. Where it has none, or a broken one, CMYK is converted by the plain formula
    (255 - ink) (255 - black) / 255, which no printing press agrees with, and the sentence says that too.
    """
    if image.mode == "LAB":
        lab = ImageCms.createProfile("LAB")
        return _transformed(image, ImageCms.ImageCmsProfile(lab)), "converted from CIE Lab to sRGB"
    profile = image.info.get("icc_profile")
    why = "it has no colour profile"
    if isinstance(profile, bytes) and profile:
        try:
            own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            name = " ".join(ImageCms.getProfileDescription(own).split()) or "its colour profile"
            return _transformed(image, own), f"converted from CMYK to sRGB with {name}"
        except _FAILURES as error:
            why = f"its colour profile is damaged or another one's: {reason(error)}"
    return image.convert("RGB"), f"converted from CMYK to sRGB by the plain formula, since {why}: colours may be off"


def is_gray_profile(profile: bytes) -> bool:
    """Whether a colour profile is one of a single channel (ICC.1:2022, section 7.2.8)."""
    return profile[16:20] == b"GRAY"


def gray_to_srgb(pixels: NDArray[np.uint8], profile: bytes) -> NDArray[np.uint8] | None:
    """The colours (H, W, 3), sRGB, of gray (H, W, 1) with a profile of its own; None if the profile is damaged."""
    try:
        own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        return np.asarray(_transformed(Image.fromarray(pixels[..., 0]), own))
    except _FAILURES:
        return None


def _transformed(image: Image.Image, profile: ImageCms.ImageCmsProfile) -> Image.Image:
    converted = ImageCms.profileToProfile(
        image,
        profile,
        ImageCms.createProfile("sRGB"),
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
        outputMode="RGB",
        flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )
    if converted is None:
        raise ValueError("no image came back")
    return converted
