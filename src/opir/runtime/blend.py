"""How much of a restoration is applied where: the strength, and the limit on the expected error."""

from __future__ import annotations

from typing import Final

import numpy as np

from opir.runtime.engine import Float32

FULL_TRUST: Final = 0.75
"""Share of the limit up to which the restoration is applied in full; from there to the limit it fades out."""

_LIMITS: Final = (1e-30, 1e30)
"""What limits are rounded to [grey levels of 255]: beyond it float32 would make them 0 or infinite, and w NaN."""


def trust(uncertainty: Float32, limit: float) -> Float32:
    """Return the weight of the restoration at every pixel, given its expected error and a limit on it.

    With u the expected error, m the limit and c = 0.75::

        w = t^2 (3 - 2 t),   t = clip((m - u) / ((1 - c) m), 0, 1)

    so that w is 1 up to u = c m, exactly 0 from u = m on, and smooth in between (cubic Hermite step).

    Args:
        uncertainty: (H, W), expected absolute error [grey levels of 255].
        limit: m > 0 [grey levels of 255].

    Returns:
        (H, W), in [0, 1].
    """
    limit = min(max(limit, _LIMITS[0]), _LIMITS[1])
    fade = np.float32((1.0 - FULL_TRUST) * limit)
    t = np.clip((np.float32(limit) - uncertainty) / fade, np.float32(0), np.float32(1))
    weight: Float32 = t * t * (3 - 2 * t)
    return weight


def blend(original: Float32, restored: Float32, *, strength: float, weight: Float32 | None = None) -> Float32:
    """Return original + s w (restored - original), in encoded values; the original exactly where s w is 0.

    Args:
        original: (3, H, W), encoded RGB in [0, 1].
        restored: (3, H, W), the same.
        strength: s, in [0, 1].
        weight: w (H, W), in [0, 1]; None for 1 everywhere.
    """
    if weight is None:
        return restored if strength == 1.0 else original + np.float32(strength) * (restored - original)
    share = np.float32(strength) * weight
    # Not original + share * difference alone: that would miss the restored value by rounding where share is 1.
    return np.where(share == 1, restored, original + share * (restored - original))
