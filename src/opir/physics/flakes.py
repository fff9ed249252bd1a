"""Falling snow: how many flakes of which size, how fast, and how far one sees through them."""

from __future__ import annotations

import math

import torch
from torch import Tensor

_FLAKE_DENSITY = 0.17
_PER_M_FROM_DB_PER_KM = math.log(10) / 10 / 1000


def melted_slope_per_mm(snow_rate_mm_per_h: Tensor) -> Tensor:
    """Slope of the distribution of melted diameters, 1/mm: ``Lambda = 2.29 R ** -0.45``.

    Source: Sekhon & Srivastava, "Snow size spectra and radar reflectivity", J. Atmospheric Sciences 27 (1970):
    ``N(D) = N0 exp(-Lambda D)``, ``N0 = 2500 R ** -0.94`` per cubic metre and millimetre, R in mm of water per h.
    """
    return 2.29 * snow_rate_mm_per_h**-0.45


def flakes_per_m3(snow_rate_mm_per_h: Tensor, smallest_melted_mm: float) -> Tensor:
    """Number of flakes of a larger melted diameter in a cubic metre; 0 at R = 0."""
    rate = snow_rate_mm_per_h.clamp(min=1e-3)
    slope = melted_slope_per_mm(rate)
    count = 2500 * rate**-0.94 / slope * torch.exp(-slope * smallest_melted_mm)
    return torch.where(snow_rate_mm_per_h > 0, count, 0.0)


def flake_diameter_mm(melted_mm: Tensor) -> Tensor:
    """Size of the flake that melts to a drop: ``D = sqrt(D_melted ** 3 / 0.17)``, both in mm.

    From the density ``0.17 / D`` g/cm^3 of aggregates (Holroyd, "The meso- and microscale structure of Great
    Lakes snowstorm bands", 1971). A drop of 1 mm is a flake of 2.4 mm, one of 2 mm a flake of 6.9 mm.
    """
    return (melted_mm**3 / _FLAKE_DENSITY).sqrt()


def flake_speed(diameter_mm: Tensor) -> Tensor:
    """Speed of fall in m/s: ``v = 0.8 D ** 0.16``, aggregates of dendrites (Locatelli & Hobbs, JGR 79, 1974)."""
    return 0.8 * diameter_mm.clamp(min=0) ** 0.16


def snow_extinction_per_m(snow_rate_mm_per_h: Tensor) -> Tensor:
    """Extinction of green light by wet snow, 1/m: ``3.84 R ** 0.72`` dB/km (ITU-R P.1814)."""
    return _PER_M_FROM_DB_PER_KM * 3.84 * snow_rate_mm_per_h**0.72
