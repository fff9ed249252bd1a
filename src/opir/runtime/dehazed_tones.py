"""Black point and exposure of a picture once its haze is gone.

A veil may be left, the same all over; and without the light that haze had added, a picture may be as dark as one taken
with too short an exposure (He et al., "Single Image Haze Removal Using Dark Channel Prior", raise it for display too).
Neither can be seen from a part of the picture, so both are mended when all of it is there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from opir.runtime.engine import Float32

DARK_SHARE: Final = 0.02
"""Share of the pixels whose smallest channel is darker than what counts as the black of a picture."""

CLEAN_BLACK: Final = 0.03
"""Black of pictures without a veil, encoded, in [0, 1]."""

MOST_VEIL: Final = 0.1
"""Most that is taken away: more is no rest, but a sky or a wall without anything black."""

HIGHLIGHT_SHARE: Final = 0.95
"""Share of the pixels that are darker than what counts as highlights."""

LEAST_HIGHLIGHT: Final = 0.5
"""Luma that highlights are brought to, encoded, in [0, 1], unless they were darker in the hazy picture already."""

DARK_IN_TRUTH: Final = (0.25, 0.35)
"""Luma of highlights: up to the first a picture is taken to be dark in truth and stays, from the second on it is fully
exposed."""

LEAST_CONTRAST: Final = 0.1
"""Least distance between the veil and the highlights: a picture without any contrast stays as it is."""

LEAST_VALUE: Final = 0.001
"""Encoded value below which the slope of the curve grows no more."""


@dataclass(frozen=True, kw_only=True)
class Tones:
    """A curve for encoded values: ``((v - black) highlight / (highlight - black)) ^ exponent``."""

    black: float = 0.0
    """What is left of the veil, encoded, in [0, 1]."""
    highlight: float = 1.0
    """Value that taking the veil away does not change, encoded, in (0, 1]."""
    exponent: float = 1.0
    """What values are raised to, to expose the picture, at most 1."""

    @property
    def change_nothing(self) -> bool:
        """Whether the curve is the identity."""
        return self.black == 0.0 and self.exponent == 1.0

    def applied(self, image: Float32) -> Float32:
        """Map encoded values of any shape in [0, 1]; what was darker than the veil becomes 0."""
        toned: Float32 = self._without_veil(image, least=0.0) ** np.float32(self.exponent)
        return toned

    def slope(self, values: Float32) -> Float32:
        """Slope of the curve at encoded values of any shape in [0, 1], that at 0.001 for what is darker."""
        without_veil = self._without_veil(values, least=LEAST_VALUE)
        slope: Float32 = np.float32(self._gain * self.exponent) * without_veil ** np.float32(self.exponent - 1)
        return slope

    @property
    def _gain(self) -> float:
        return self.highlight / (self.highlight - self.black)

    def _without_veil(self, values: Float32, *, least: float) -> Float32:
        clipped: Float32 = np.clip((values - np.float32(self.black)) * np.float32(self._gain), least, 1.0)
        return clipped


NO_CHANGE: Final = Tones()


def choose_tones(*, black: float, highlight: float, highlight_before: float) -> Tones:
    """Choose the curve of a picture whose haze was removed.

    The veil is what its black exceeds :data:`CLEAN_BLACK` by, :data:`MOST_VEIL` at most; highlights keep their luma
    when it is taken away. With w the smaller of :data:`LEAST_HIGHLIGHT` and of the highlights of the hazy picture, h
    those of the result and t rising from 0 to 1 within :data:`DARK_IN_TRUTH`, the exponent is
    ``1 - t (1 - log(w) / log(h))`` where h is less than w, else 1.

    Args:
        black: darkest channel that :data:`DARK_SHARE` of the pixels stay below, encoded, in [0, 1].
        highlight: h, the luma that :data:`HIGHLIGHT_SHARE` of them stay below.
        highlight_before: the same in the hazy picture.
    """
    veil = min(max(0.0, black - CLEAN_BLACK), MOST_VEIL)
    if highlight - veil < LEAST_CONTRAST:
        return NO_CHANGE
    wanted, exponent = min(LEAST_HIGHLIGHT, highlight_before), 1.0
    if highlight < wanted:
        dark, bright = DARK_IN_TRUTH
        trust = min(max(0.0, (highlight - dark) / (bright - dark)), 1.0)
        exponent = 1 - trust * (1 - float(np.log(wanted) / np.log(highlight)))
    return Tones(black=veil, highlight=highlight if veil else 1.0, exponent=exponent)
