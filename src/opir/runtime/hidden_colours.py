"""The colours below full transparency: nobody sees them, so they must not influence what is seen.

Programs leave anything there, black mostly. The network would see an edge and paint its correction into the
visible side of it. So invisible pixels get smooth colours before the restoration, and their own values afterwards.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from opir.imaging import Photo
from opir.runtime.engine import Float32


def hidden_pixels(photo: Photo) -> NDArray[np.bool_] | None:
    """Return where a picture is fully transparent, (H, W); None where it is nowhere."""
    if photo.alpha is None:
        return None
    hidden: NDArray[np.bool_] = photo.alpha == 0
    return hidden if hidden.any() else None


def fill_hidden(image: Float32, hidden: NDArray[np.bool_]) -> Float32:
    """Continue the visible colours smoothly into the hidden pixels.

    Push-pull interpolation (Gortler et al., The Lumigraph, 1996, section 3.4): means of the visible pixels over
    blocks of 2 x 2, 4 x 4, ... until every block holds one, then back down, each hidden pixel taking its block's.

    Args:
        image: (3, H, W), any values.
        hidden: (H, W).

    Returns:
        (3, H, W); visible pixels are unchanged, and all where none is visible.
    """
    if not hidden.any() or hidden.all():
        return image
    colour, weight = _halved(np.where(hidden, np.float32(0), image), (~hidden).astype(np.float32))
    mean = (colour / np.maximum(weight, 1)).astype(np.float32)
    coarse = fill_hidden(mean, weight == 0)
    height, width = hidden.shape
    doubled = coarse.repeat(2, axis=1).repeat(2, axis=2)[:, :height, :width]
    return np.where(hidden, doubled, image)


def keep_hidden(restored: Photo, original: Photo, hidden: NDArray[np.bool_]) -> Photo:
    """Return the restored picture with the original values at the hidden pixels."""
    return replace(restored, pixels=np.where(hidden[..., None], original.pixels, restored.pixels))


def _halved(colour: Float32, weight: Float32) -> tuple[Float32, Float32]:
    """Return the sums over blocks of 2 x 2 pixels; an odd last row or column is a block of its own."""
    height, width = weight.shape
    odd = ((0, height % 2), (0, width % 2))
    stack = np.concatenate([np.pad(colour, ((0, 0), *odd)), np.pad(weight, odd)[None]])
    sums = stack[:, ::2, ::2] + stack[:, 1::2, ::2] + stack[:, ::2, 1::2] + stack[:, 1::2, 1::2]
    return sums[:3], sums[3]
