"""What lies over one picture, laid over another: streaks and flakes of real pairs on other photographs.

Published pairs of rain are few, and each shows its streaks over one background. In ``I = J + R`` the layer R is the
difference of the pair, so every pair can rain on every photograph: the style is that of the pairs, which no operator of
:mod:`opir.physics` has to guess, and no background is learned by heart.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import numpy as np
import torch
from torch import Tensor

from opir.data.image_bank import ImageBank, Picture
from opir.data.mixture import Ingredient
from opir.errors import DatasetError

CLIPPED: Final = 253 / 255
"""Code value from which a channel of the degraded picture says nothing about the layer: it may have been clipped."""

MOST_DARKER: Final = 0.2
"""Of a usable pair: what is darker in the degraded picture, in units of what is brighter. More of it comes from drops
that bend light, from compression or from pictures that are not aligned, and would be laid over others as a ghost."""

LARGEST_SIDE: Final = 640
"""Side to which the pictures of pairs are cut [px], so that each style counts about as much as any other."""

STRENGTH: Final = (0.6, 1.3)
"""Range of the factor that a layer is multiplied by."""


def banks_of_layers(banks: Mapping[str, ImageBank], ingredients: Iterable[Ingredient]) -> dict[str, ImageBank]:
    """The usable pairs of every bank that an ingredient takes layers of, by name; see :func:`pairs_with_layers`."""
    names = {ingredient.layers_of for ingredient in ingredients} - {None}
    return {name: pairs_with_layers(banks[name]) for name in banks if name in names}


def pairs_with_layers(pairs: ImageBank) -> ImageBank:
    """Those pairs whose difference is something bright that was added, the middle of large pictures.

    Raises:
        DatasetError: if there are none.
    """
    usable = [k for k in range(len(pairs)) if _is_brighter(pairs.degraded[k], pairs.clean[k])]
    if not usable:
        raise DatasetError(
            f"expected pairs whose degraded picture is the clean one with something bright added, such as rain; none "
            f"of {len(pairs)} is: give the ingredient that lays their layers over other pictures no weight, as in "
            "--set ingredients.rain_layers.weight=0"
        )
    return ImageBank(
        names=tuple(pairs.names[k] for k in usable),
        degraded=tuple(_middle(pairs.degraded[k]) for k in usable),
        clean=tuple(_middle(pairs.clean[k]) for k in usable),
    )


def _is_brighter(degraded: Picture, clean: Picture) -> bool:
    difference = degraded.astype(np.int16) - clean
    brighter, darker = difference.clip(min=0).mean(), -difference.clip(max=0).mean()
    return bool(brighter > 0 and darker <= MOST_DARKER * brighter)


def _middle(picture: Picture) -> Picture:
    top, left = (max(0, (side - LARGEST_SIDE) // 2) for side in picture.shape[:2])
    return picture[top : top + LARGEST_SIDE, left : left + LARGEST_SIDE]


def layer_of(degraded: Tensor, clean: Tensor) -> Tensor:
    """The grey layer that was added to a clean picture: the mean difference of the channels that were not clipped.

    Where all are clipped, the largest difference is a lower bound. What is darker than the clean picture, such as the
    traces of compression, is left out.

    Args:
        degraded: (B, 3, H, W), sRGB in [0, 1].
        clean: (B, 3, H, W), sRGB in [0, 1].

    Returns:
        (B, 1, H, W), at least 0, in sRGB code values.
    """
    difference = degraded - clean
    seen = (degraded < CLIPPED).to(difference.dtype)
    n_seen = seen.sum(dim=1, keepdim=True)
    mean = (difference * seen).sum(dim=1, keepdim=True) / n_seen.clamp_min(1)
    return torch.where(n_seen > 0, mean, difference.amax(dim=1, keepdim=True)).clamp_min(0)


def laid_over(crops: Tensor, layers: Tensor, draws: Tensor) -> Tensor:
    """Lay layers over crops, by addition ``J + s R`` or, half of the time, by "screen" ``J + s R (1 - J)``.

    Both are how the published sets were made (Yang et al., CVPR 2017; Fu et al., CVPR 2017).

    Args:
        crops: (B, 3, H, W), sRGB in [0, 1].
        layers: (B, 1, H, W), from :func:`layer_of`.
        draws: (B, 2), in [0, 1): they choose the strength s, evenly in :data:`STRENGTH`, and the way.

    Returns:
        (B, 3, H, W), clipped to [0, 1].
    """
    low, high = STRENGTH
    strength, way = draws.to(crops.dtype)[:, :, None, None, None].unbind(dim=1)
    added = layers * (low + (high - low) * strength)
    return (crops + torch.where(way < 0.5, added, added * (1 - crops))).clamp(0, 1)
