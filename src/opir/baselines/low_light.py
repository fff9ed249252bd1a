"""Brightening dark pictures: a power law, local histograms, and division by an estimated illumination."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from opir.baselines.baseline import Float32
from opir.baselines.guided_filter import MAP_EPSILON, MAP_RADIUS_PX, guided_filter
from opir.baselines.libraries import require
from opir.baselines.luminance import luminance

MID_GREY: Final = 0.5
"""Mean luma that the power law aims at."""

LIME_GAMMA: Final = 0.8
"""Exponent of the illumination in LIME."""

_DARKEST: Final = 1 / 255


def brighten_by_power(image: Float32) -> NDArray[np.floating]:
    """``I ** gamma`` with ``gamma = ln 0.5 / ln mean(Y)``, at most 1: takes the mean luma of a dark picture to 0.5.

    (3, H, W), encoded RGB; values beyond [0, 1] are clipped first. A picture that is bright already stays as it is.
    """
    clipped = np.clip(image, 0.0, 1.0)
    mean = float(luminance(clipped).mean())
    gamma = min(1.0, math.log(MID_GREY) / math.log(min(max(mean, _DARKEST), 1 - _DARKEST)))
    return np.power(clipped, gamma)


def equalise_locally(image: Float32) -> NDArray[np.floating]:
    """Contrast-limited adaptive histogram equalisation of the value of HSV, with all defaults of scikit-image."""
    exposure = require("skimage.exposure")
    equalised: NDArray[np.floating] = exposure.equalize_adapthist(np.clip(image, 0.0, 1.0).transpose(1, 2, 0))
    return equalised.transpose(2, 0, 1)


def divide_by_illumination(image: Float32) -> NDArray[np.floating]:
    """``R = L / T ** 0.8`` with T the largest of the three channels, smoothed by a guided filter.

    A simplification of X. Guo, Y. Li, H. Ling, LIME, IEEE TIP 26(2), 2017: initial illumination (eq. 3), gamma and
    the division are the paper's; instead of its optimisation with a structure prior the map is smoothed by a guided
    filter that is guided by the map itself, and nothing is denoised afterwards.

    (3, H, W), encoded RGB in [0, 1] (clipped first), to (3, H, W), not clipped.
    """
    clipped = np.clip(image, 0.0, 1.0)
    rough = clipped.max(axis=0)
    illumination = guided_filter(rough, rough, radius=MAP_RADIUS_PX, epsilon=MAP_EPSILON)
    return clipped / np.clip(illumination, _DARKEST, 1.0) ** LIME_GAMMA
