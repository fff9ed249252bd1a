"""How dark a picture is: its log-average luminance, in stops below middle grey."""

from __future__ import annotations

from typing import Final

import numpy as np

from opir.analysis.windows import thinned
from opir.runtime.engine import Float32
from opir.srgb import relative_luminance

MIDDLE_GREY: Final = 0.18
"""Luminance of a well exposed average scene: the key a of Reinhard et al., section 3.1."""

LEAST_LUMINANCE: Final = 1.0 / (255 * 12.92)
"""The delta of their eq. 1, against the logarithm of 0: one level of 255 in linear light."""

_LONGEST_SIDE_PX: Final = 512


def stops_below_middle_grey(image: Float32) -> float:
    """Return log2(0.18 / L) with L the log-average luminance of an image (3, H, W), sRGB-encoded in [0, 1].

    ``L = exp(mean log(delta + L(x, y)))`` (E. Reinhard et al., Photographic tone reproduction for digital images,
    SIGGRAPH 2002, eq. 1, with the mean inside of the exponential). Positive is darker than middle grey; scenes that
    are dark by nature count as much as those that were exposed too little.
    """
    luminance = relative_luminance(thinned(image, longest_side=_LONGEST_SIDE_PX))
    log_average = float(np.exp(np.log(LEAST_LUMINANCE + luminance).mean(dtype=np.float64)))
    return float(np.log2(MIDDLE_GREY / log_average))
