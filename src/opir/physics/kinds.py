"""Names of the degradations, for those who must not load torch to know them."""

from __future__ import annotations

from typing import Literal, get_args

Kind = Literal[
    "haze",
    "tinted_haze",
    "rain",
    "rain_overlay",
    "downpour",
    "snow",
    "raindrop",
    "defocus_blur",
    "gaussian_blur",
    "motion_blur",
    "varying_blur",
    "low_light",
    "sensor_noise",
    "gaussian_noise",
    "correlated_noise",
    "developed_noise",
    "jpeg",
    "webp",
]
"""Name of an operator of :data:`opir.physics.catalogue.OPERATORS`."""

KINDS: tuple[Kind, ...] = get_args(Kind)
"""All names in physical order: air, glass, lens, exposure, sensor, file."""
