"""Colours for a quantity that runs from little to much: from near black through violet and red to light yellow.

Built in Oklab (B. Ottosson, "A perceptual color space for image processing", 2020): lightness grows linearly, so
that equal steps of the quantity look equal and the order survives a gray print and colour blindness; the hue turns
steadily from blue-violet to yellow; the chroma stays inside of sRGB.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from opir.srgb import to_encoded

_N_COLOURS = 256
_LIGHTNESS = (0.14, 0.94)
_HUE_DEGREES = (285.0, 465.0)
_CHROMA = ((0.0, 0.5, 0.6, 0.75, 1.0), (0.070, 0.185, 0.195, 0.160, 0.140))

_OKLAB_TO_CONES = np.array(
    [
        [1.0, 0.3963377774, 0.2158037573],
        [1.0, -0.1055613458, -0.0638541728],
        [1.0, -0.0894841775, -1.2914855480],
    ]
)
_CONES_TO_LINEAR_SRGB = np.array(
    [
        [4.0767416621, -3.3077115913, 0.2309699292],
        [-1.2684380046, 2.6097574011, -0.3413193965],
        [-0.0041960863, -0.7034186147, 1.7076147010],
    ]
)


def _build() -> NDArray[np.uint8]:
    t = np.linspace(0.0, 1.0, _N_COLOURS)
    lightness = _LIGHTNESS[0] + (_LIGHTNESS[1] - _LIGHTNESS[0]) * t
    hue = np.deg2rad(_HUE_DEGREES[0] + (_HUE_DEGREES[1] - _HUE_DEGREES[0]) * t)
    chroma = np.interp(t, *_CHROMA)
    oklab = np.stack([lightness, chroma * np.cos(hue), chroma * np.sin(hue)], axis=-1)
    linear = np.clip((oklab @ _OKLAB_TO_CONES.T) ** 3 @ _CONES_TO_LINEAR_SRGB.T, 0.0, 1.0)
    colours: NDArray[np.uint8] = np.rint(255.0 * to_encoded(linear.astype(np.float32))).astype(np.uint8)
    return colours


COLOURS: NDArray[np.uint8] = _build()
"""(256, 3) sRGB, from little to much; read-only."""
COLOURS.setflags(write=False)


def colours_of(values: NDArray[np.floating], maximum: float) -> NDArray[np.uint8]:
    """Colour every value of an array of any shape: 0 is the first colour, ``maximum`` and above the last.

    Returns:
        The shape of ``values`` with a last axis of 3: sRGB uint8.
    """
    scaled = np.clip(values.astype(np.float32) * np.float32((_N_COLOURS - 1) / maximum), 0, _N_COLOURS - 1)
    colours: NDArray[np.uint8] = COLOURS[np.rint(scaled).astype(np.uint8)]
    return colours
