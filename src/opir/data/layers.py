"""What lies over one picture, laid over another: streaks and flakes of real pairs on other photographs.

Published pairs of rain are few, and each shows its streaks over one background. In ``I = J + R`` the layer R is the
difference of the pair, so every pair can rain on every photograph: the style is that of the pairs, which no operator of
:mod:`opir.physics` has to guess, and no background is learned by heart.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Final

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

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
"""Range of the factor that a layer is multiplied by, where it stays about as strong as in its pair."""

ONLY_LIGHT: Final = 0.01
"""As :data:`MOST_DARKER`, of layers that are nothing but light: neither compression nor sharpening is part of them, so
they may be multiplied by more without a ghost of their picture."""

BRIGHTNESS: Final = (0.03, 0.35)
"""Range of the mean over the crop, in sRGB code values, that half of the layers of light alone are brought to. Dense
rain lifts a picture as much as its streaks show; most pairs are sparse or faint, and a network that has seen little
else takes the streaks away and leaves the light."""

MOST_AMPLIFIED: Final = 6.0
"""Largest factor that brings them there."""

MOST_VEIL: Final = 4.0
"""Largest share of its own local mean that a layer of light alone gets as a veil behind its streaks: rain too far away
to show any. In the difference pictures of published pairs the local mean is 0.4 to 5 times the standard deviation."""

VEIL_REACH: Final = 20
"""Half the side of the squares that the local mean is taken over [px]."""

STEEPEST: Final = 2.0
"""Largest change of the light across a crop, of layers that are lit from one side; it stays within 0 and 1."""

N_DRAWS: Final = 7
"""Random numbers that laying a layer over a crop takes."""


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


def is_only_light(degraded: Tensor, clean: Tensor) -> Tensor:
    """Whether nothing but light was added to clean pictures: see :data:`ONLY_LIGHT`.

    Args:
        degraded: (B, 3, H, W), sRGB in [0, 1].
        clean: (B, 3, H, W), sRGB in [0, 1].

    Returns:
        (B,), bool; False where the two are the same.
    """
    difference = (degraded - clean).flatten(1)
    brighter, darker = difference.clamp_min(0).mean(dim=1), -difference.clamp_max(0).mean(dim=1)
    return (brighter > 0) & (darker <= ONLY_LIGHT * brighter)


def lay_over(crops: Tensor, degraded: Tensor, clean: Tensor, draws: Tensor) -> Tensor:
    """Lay what was added to the clean pictures of pairs over other pictures.

    Args:
        crops: (B, 3, H, W), sRGB in [0, 1].
        degraded: (B, 3, H, W), of the pairs, sRGB in [0, 1].
        clean: (B, 3, H, W), of the pairs, sRGB in [0, 1].
        draws: (B, 7), in [0, 1): four for :func:`with_veil`, three for :func:`laid_over`.

    Returns:
        (B, 3, H, W), clipped to [0, 1].
    """
    layers, only_light = layer_of(degraded, clean), is_only_light(degraded, clean)
    return laid_over(crops, with_veil(layers, only_light, draws[:, :4]), only_light, draws[:, 4:])


def with_veil(layers: Tensor, only_light: Tensor, draws: Tensor) -> Tensor:
    """Put a veil behind the streaks of half of the layers of light alone, and light them from one side.

    ``E (R + c mean(R))`` with the mean over squares around each pixel, c from 0 to :data:`MOST_VEIL`, and E a ramp
    across the crop, clipped to [0, 1].

    Args:
        layers: (B, 1, H, W), not negative.
        only_light: (B,), bool; the others stay as they are.
        draws: (B, 4), in [0, 1): they choose whether there is a veil and how much, how steep the light is, from where
            it comes, and how bright it is in the middle.

    Returns:
        (B, 1, H, W), not negative.
    """
    height, width = layers.shape[-2:]
    amount, steepness, direction, middle = draws.to(layers.dtype)[:, :, None, None, None].unbind(dim=1)
    reach = min(VEIL_REACH, height - 1, width - 1)
    around = functional.pad(layers, (reach, reach, reach, reach), mode="reflect")
    mean = functional.avg_pool2d(around, 2 * reach + 1, stride=1)
    down = torch.linspace(-0.5, 0.5, height, device=layers.device, dtype=layers.dtype)[:, None]
    right = torch.linspace(-0.5, 0.5, width, device=layers.device, dtype=layers.dtype)[None, :]
    angle = 2 * math.pi * direction
    ramp = 0.25 + 0.75 * middle + STEEPEST * steepness * (angle.sin() * right + angle.cos() * down)
    veiled = ramp.clamp(0, 1) * (layers + MOST_VEIL * (2 * amount - 1) * mean)
    return torch.where(only_light[:, None, None, None] & (amount >= 0.5), veiled, layers)


def laid_over(crops: Tensor, layers: Tensor, only_light: Tensor, draws: Tensor) -> Tensor:
    """Lay layers over crops, by addition ``J + s R`` or, half of the time, by "screen" ``J + s R (1 - J)``.

    Both are how the published sets were made (Yang et al., CVPR 2017; Fu et al., CVPR 2017). The strength s lies in
    :data:`STRENGTH`; half of the layers of light alone are as bright in the mean as :data:`BRIGHTNESS` says instead.

    Args:
        crops: (B, 3, H, W), sRGB in [0, 1].
        layers: (B, 1, H, W), from :func:`layer_of`.
        only_light: (B,), bool, from :func:`is_only_light`.
        draws: (B, 3), in [0, 1): they choose the strength, evenly, the way, and whether and to which brightness,
            evenly in its logarithm, a layer is brought.

    Returns:
        (B, 3, H, W), clipped to [0, 1].
    """
    strength, way, brightness = draws.to(crops.dtype)[:, :, None, None, None].unbind(dim=1)
    weakest, strongest = STRENGTH
    factor = weakest + (strongest - weakest) * strength
    dim, bright = BRIGHTNESS
    wanted = dim * (bright / dim) ** (2 * brightness - 1)
    there = wanted / layers.mean(dim=(1, 2, 3), keepdim=True).clamp_min(1e-6)
    brought = only_light[:, None, None, None] & (brightness >= 0.5)
    added = layers * torch.where(brought, there.clamp(weakest, MOST_AMPLIFIED), factor)
    return (crops + torch.where(way < 0.5, added, added * (1 - crops))).clamp(0, 1)
