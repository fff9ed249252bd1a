"""Blur of an unknown kernel: two deconvolutions that assume one and the same generic kernel.

The kernel is a guess, a Gaussian of 1.5 px, and wrong for nearly every picture: that is what the names say. Methods
that estimate a kernel blindly are not on PyPI under a permissive licence.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from opir.baselines.baseline import Float32
from opir.baselines.libraries import require

KERNEL_SIGMA_PX: Final = 1.5
"""Standard deviation of the assumed kernel."""

KERNEL_RADIUS_PX: Final = 6
"""Where it is cut off: four standard deviations."""

N_ITERATIONS: Final = 30
"""Of Richardson-Lucy; as in scikit-image's example."""

_MARGIN_PX: Final = 5 * KERNEL_RADIUS_PX


def assumed_kernel() -> NDArray[np.float32]:
    """The Gaussian (13, 13), of sum 1."""
    profile = np.exp(-0.5 * (np.arange(-KERNEL_RADIUS_PX, KERNEL_RADIUS_PX + 1) / KERNEL_SIGMA_PX) ** 2)
    kernel: NDArray[np.float32] = (np.outer(profile, profile) / profile.sum() ** 2).astype(np.float32)
    return kernel


def unsupervised_wiener(image: Float32) -> NDArray[np.floating]:
    """Wiener-Hunt deconvolution whose regularisation is estimated by Gibbs sampling, with a fixed seed of 0.

    F. Orieux, J.-F. Giovannelli, T. Rodet, Bayesian estimation of regularization and point spread function
    parameters for Wiener-Hunt deconvolution, JOSA A 27(7), 2010; scikit-image's defaults.
    """
    restoration, kernel = require("skimage.restoration"), assumed_kernel()

    def deconvolve(plane: Float32) -> NDArray[np.floating]:
        if np.ptp(plane) == 0:
            return plane
        sharp: NDArray[np.floating] = restoration.unsupervised_wiener(plane, kernel, rng=0)[0]
        return sharp

    return _per_channel(image, deconvolve)


def richardson_lucy(image: Float32) -> NDArray[np.floating]:
    """Thirty iterations of W. H. Richardson, JOSA 62, 1972, and L. B. Lucy, Astronomical Journal 79, 1974."""
    restoration, kernel = require("skimage.restoration"), assumed_kernel()

    def deconvolve(plane: Float32) -> NDArray[np.floating]:
        sharp: NDArray[np.floating] = restoration.richardson_lucy(plane, kernel, num_iter=N_ITERATIONS)
        return sharp

    return _per_channel(image, deconvolve)


def _per_channel(image: Float32, deconvolve: Callable[[Float32], NDArray[np.floating]]) -> NDArray[np.floating]:
    """Apply to every channel, mirrored beyond the border so that the border is no edge; values clipped first."""
    sides = [(_MARGIN_PX, _MARGIN_PX)] * 2
    inner = slice(_MARGIN_PX, -_MARGIN_PX)
    return np.stack(
        [deconvolve(np.pad(plane, sides, mode="reflect"))[inner, inner] for plane in np.clip(image, 0.0, 1.0)]
    )
