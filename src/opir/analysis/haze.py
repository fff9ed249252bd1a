"""How much light lies over a picture: the mean of its dark channel."""

from __future__ import annotations

from typing import Final

import numpy as np

from opir.analysis.windows import thinned
from opir.runtime.engine import Float32

PATCH_PX: Final = 15
"""Side of a patch [px], as in the paper."""

_LONGEST_SIDE_PX: Final = 600  # the size of the paper's pictures, on which the patch was chosen


def mean_dark_channel(image: Float32) -> float:
    """Return the mean dark channel [grey levels of 255] of an image (3, H, W), encoded RGB in [0, 1].

    ``J_dark(x) = min over the patch around x and over channels`` (K. He, J. Sun, X. Tang, Single image haze removal
    using dark channel prior, TPAMI 33(12), 2011, eq. 5), here for patches side by side. In their 5,000 outdoor
    pictures without haze three quarters of the values are 0; haze of transmission t lifts them to (1 - t) times the
    air light. Snow, sky and white walls lift them too.
    """
    darkest = thinned(image, longest_side=_LONGEST_SIDE_PX).min(axis=0)
    rows, columns = (np.arange(0, length, PATCH_PX) for length in darkest.shape)
    patches = np.minimum.reduceat(np.minimum.reduceat(darkest, rows, axis=0), columns, axis=1)
    return 255.0 * float(patches.mean(dtype=np.float64))
