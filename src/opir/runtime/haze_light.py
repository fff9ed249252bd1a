"""The light that a hazy picture was taken in, and the picture as it would be in daylight.

In dust or at dusk the light that reaches scene and haze is dim or coloured, ``I = L (J t + A (1 - t))`` in linear
light. A network that has learned haze in daylight takes a dim veil for a dense one in front of a dark scene, and its
cast for a colour of the scene. In dense haze both can be seen: the brightest parts of the picture are nearly the veil
itself (He, Sun and Tang, CVPR 2009), and the darkest ones have its colour, since whatever is black shows nothing else.
So the network is shown ``I / L``, and the colour of the light, not its dimness, is given back to what it restores.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from opir.runtime.engine import Float32
from opir.runtime.pixels import Pixels, SeenPixels
from opir.runtime.smooth_change import BAND_PX
from opir.runtime.tiling import Window
from opir.srgb import to_encoded, to_linear

EXTREME_SHARE: Final = 0.05
"""Share of the pixels, the brightest and the darkest, whose means are looked at."""

DENSITIES: Final = (0.3, 0.45)
"""Light of the darkest over that of the brightest parts, linear: up to the first, haze is too thin for the brightest
parts to be the veil rather than a sky or a wall; from the second on their light is undone altogether."""

LEAST_LEVEL: Final = 0.448
"""Brightest channel that the veil is brought to, linear: 0.7 encoded, the least that training and RESIDE have."""

CASTS: Final = (0.75, 0.85)
"""Darkest over brightest channel of the light, linear: from the second on, as most of training, it counts as white; at
the first and below its cast is undone altogether."""

_N_BINS: Final = 4096
_LEAST_TINT: Final = 1e-3


@dataclass(frozen=True, kw_only=True)
class HazeLight:
    """Light relative to daylight, linear."""

    level: float = 1.0
    """Strength, in (0, 1]."""
    tint: tuple[float, float, float] = (1.0, 1.0, 1.0)
    """Colour of red, green and blue, the largest 1."""

    @property
    def is_daylight(self) -> bool:
        """Whether there is nothing to undo."""
        return self.level == 1.0 and min(self.tint) == 1.0

    @property
    def colour(self) -> tuple[float, float, float]:
        """Red, green and blue, strength included, linear."""
        red, green, blue = self.tint
        return self.level * red, self.level * green, self.level * blue

    def undone(self, encoded: Float32) -> Float32:
        """Show encoded values (..., 3, h, w) in daylight; what exceeds 1 is clipped."""
        return _scaled(encoded, 1 / np.array(self.colour))

    def given_back(self, encoded: Float32) -> Float32:
        """Give the colour of the light back to encoded values (..., 3, h, w) in daylight."""
        return _scaled(encoded, np.array(self.tint))

    @property
    def error_factor(self) -> float:
        """What errors of encoded values are multiplied by when the colour is given back, about, in (0, 1]."""
        return float(np.mean(np.array(self.tint) ** (1 / 2.4)))


DAYLIGHT: Final = HazeLight()


class DaylightPixels(SeenPixels):
    """A picture with its light undone; see :class:`opir.runtime.pixels.Pixels`."""

    def __init__(self, pixels: Pixels, light: HazeLight) -> None:
        super().__init__(pixels)
        self._light = light

    def cut(self, window: Window) -> Float32:
        """Return a window; see :class:`opir.runtime.pixels.Pixels`."""
        return np.ascontiguousarray(self._light.undone(self._pixels.cut(window)))


def find_light(hazy: Pixels) -> HazeLight:
    """Return the light of a picture in which haze was found."""
    counts = np.zeros(_N_BINS, np.int64)
    for linear in _bands(hazy):
        counts += np.bincount(_bin_of(linear).ravel(), minlength=_N_BINS)
    least = EXTREME_SHARE * counts.sum()
    darkest = int(np.flatnonzero(np.cumsum(counts) >= least)[0])
    brightest = int(np.flatnonzero(np.cumsum(counts[::-1])[::-1] >= least)[-1])
    dark, bright = np.zeros((2, 3), np.float64)
    for linear in _bands(hazy):
        bins = _bin_of(linear)
        dark += linear[:, bins <= darkest].sum(axis=1, dtype=np.float64)
        bright += linear[:, bins >= brightest].sum(axis=1, dtype=np.float64)
    return light_of(dark / counts[: darkest + 1].sum(), bright / counts[brightest:].sum())


def light_of(dark: NDArray[np.float64], bright: NDArray[np.float64]) -> HazeLight:
    """Return the light of a picture whose darkest and brightest parts have these colours (3,), linear, in [0, 1].

    A cast counts as far as both have it.
    """
    most_dark, most_bright = float(dark.max()), float(bright.max())
    if most_dark <= 0:
        return DAYLIGHT
    density = _ramp(most_dark / most_bright, *DENSITIES)
    common = np.maximum(dark / most_dark, bright / most_bright)
    common = common / common.max()
    share = density * (1 - _ramp(float(common.min()), *CASTS))
    red, green, blue = (float(value) for value in np.maximum(common, _LEAST_TINT) ** share)
    return HazeLight(level=min(1.0, most_bright / LEAST_LEVEL) ** density, tint=(red, green, blue))


def _ramp(value: float, low: float, high: float) -> float:
    return min(max(0.0, (value - low) / (high - low)), 1.0)


def _scaled(encoded: Float32, factors: NDArray[np.float64]) -> Float32:
    linear = to_linear(np.clip(encoded, 0.0, 1.0)) * factors.astype(np.float32)[:, None, None]
    return to_encoded(np.minimum(linear, np.float32(1.0)))


def _bin_of(linear: Float32) -> NDArray[np.intp]:
    bins: NDArray[np.intp] = np.clip(linear.mean(axis=0) * _N_BINS, 0, _N_BINS - 1).astype(np.intp)
    return bins


def _bands(pixels: Pixels) -> Iterator[Float32]:
    """Cut a picture into bands (3, h, W), in linear light."""
    for top in range(0, pixels.height, BAND_PX):
        window = Window(top=top, left=0, bottom=min(top + BAND_PX, pixels.height), right=pixels.width)
        yield to_linear(np.clip(pixels.cut(window)[0], 0.0, 1.0))
