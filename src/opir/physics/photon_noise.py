"""Signal-dependent noise of an image sensor, in units proportional to the number of photons."""

from __future__ import annotations

import torch
from torch import Tensor

from opir.physics.per_image import normal_like, per_image

_SMALLEST_VARIANCE = 1e-12


def photon_noise(signal: Tensor, *, shot: Tensor, read: Tensor, seed: Tensor) -> Tensor:
    """Draw Poisson-Gaussian noise in its normal approximation, ``n ~ N(0, shot * x + read ** 2)``.

    Foi, Trimeche, Katkovnik and Egiazarian, "Practical Poissonian-Gaussian noise modeling and fitting for
    single-image raw-data" (2008), equations (3)-(5). ``shot`` is the variance per unit of signal, the inverse
    of the number of photo-electrons at signal 1. The normal approximation has the right mean and variance
    everywhere; its skewness is wrong below some ten electrons, where the read noise usually dominates.

    Args:
        signal: (B, C, H, W), linear sensor values; values below 0 count as 0.
        shot: (B,), variance per unit of signal.
        read: (B,), standard deviation in darkness, in units of the signal.
        seed: (B,), int64, one seed per image.

    Returns:
        The noise alone, (B, C, H, W); exactly 0 where shot and read are 0. Differentiable in the signal, with
        a finite gradient at 0.
    """
    variance = per_image(shot, signal) * signal.clamp(min=0) + per_image(read, signal) ** 2
    deviation = torch.where(variance > _SMALLEST_VARIANCE, variance.clamp(min=_SMALLEST_VARIANCE).sqrt(), 0)
    return deviation * normal_like(seed, signal)
