"""The inverse of a blur as one filter in linear light, which adds nothing where the blur left nothing to bring back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from opir.deconvolution.fast_length import fast_length
from opir.deconvolution.kernel import Float32, Spectrum, squared_differences, transfer_function
from opir.srgb import to_encoded, to_linear

GRID: Final = 128
"""Side of the grid on which the filter is made."""

FILTER_REACH_PX: Final = GRID // 2 - 1
"""Farthest from a pixel that the filter looks, along either axis."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Blur:
    """A blur that is the same all over a picture."""

    kernel: Float32
    """(33, 33), not negative, of sum 1, centred."""
    log_regularisers: Float32
    """(2,), logarithms of the weights of white noise and of noise that grows with frequency."""


def inverse_filter(blur: Blur) -> Float32:
    """Return the taps (127, 127) of the filter that undoes a blur.

    ``G = (K* + r) / (|K|^2 + r)``, ``r = exp(l0) + exp(l1) (4 - 2 cos u - 2 cos v)``: a Wiener filter (N. Wiener,
    Extrapolation, Interpolation and Smoothing of Stationary Time Series, 1949) for the error ``I - J`` instead of J, so
    that it tends to the identity, not to zero, where r outweighs the kernel's spectrum K.
    """
    transfer = transfer_function(blur.kernel, (GRID, GRID))
    white, rising = np.exp(blur.log_regularisers.astype(np.float64))
    regulariser = white + rising * squared_differences((GRID, GRID))
    response: Spectrum = (np.conj(transfer) + regulariser) / (np.abs(transfer) ** 2 + regulariser)
    taps = np.roll(np.fft.irfft2(response, s=(GRID, GRID)), (GRID // 2, GRID // 2), axis=(0, 1))
    return taps[1:, 1:].astype(np.float32)


def filtered(encoded: Float32, taps: Float32) -> Float32:
    """Convolve a picture with a filter in linear light.

    Args:
        encoded: (3, H + 126, W + 126), encoded sRGB in [0, 1]: the picture with what is around it.
        taps: (127, 127), of :func:`inverse_filter`.

    Returns:
        (3, H, W), encoded sRGB, clipped to [0, 1].
    """
    rows, columns = (fast_length(side) for side in encoded.shape[1:])
    response = np.fft.rfft2(taps, s=(rows, columns))
    spectrum = np.fft.rfft2(to_linear(encoded.clip(0, 1)), s=(rows, columns)) * response
    full = np.fft.irfft2(spectrum, s=(rows, columns))
    reach = 2 * FILTER_REACH_PX
    inner = full[:, reach : encoded.shape[1], reach : encoded.shape[2]]
    return to_encoded(inner.clip(0, 1).astype(np.float32))
