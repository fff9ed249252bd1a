"""Photographs without the veil that they came with.

Many clean photographs are faintly misty or scanned with lifted blacks. Where haze is to be removed they teach to leave
as much of it as they have themselves, so their darkest values are brought to black before haze is added.
"""

from __future__ import annotations

import torch
from torch import Tensor

DARKEST_SHARE = 0.01
"""Share of the pixels that become black in one channel at least."""

MOST_SUBTRACTED = 0.3
"""Of a crop without anything dark, such as sky, no more than this is subtracted."""


def with_black_point(crops: Tensor) -> Tensor:
    """Stretch crops (B, 3, H, W), sRGB in [0, 1], so that their darkest values are black: ``(J - q) / (1 - q)``.

    q is the quantile :data:`DARKEST_SHARE` of the smallest channel, one for each crop, at most
    :data:`MOST_SUBTRACTED`; the result is clipped and quantised to 8 bits.
    """
    darkest = crops[:, :, ::2, ::2].amin(dim=1).flatten(1)
    n_below = max(1, int(DARKEST_SHARE * darkest.shape[1]))
    level = darkest.kthvalue(n_below, dim=1).values.clamp(max=MOST_SUBTRACTED)[:, None, None, None]
    return torch.round(((crops - level) / (1 - level)).clamp(0, 1) * 255) / 255
