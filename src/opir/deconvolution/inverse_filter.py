"""The inverse of a blur as one filter in linear light, which adds nothing where the blur left nothing to bring back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from opir.deconvolution.fast_length import fast_length
from opir.deconvolution.kernel import Float32, Spectrum, squared_differences, transfer_function

GRID: Final = 128
"""Side of the grid on which the filter is made."""

FILTER_REACH_PX: Final = GRID // 2 - 1
"""Farthest from a pixel that the filter looks, along either axis."""

_KNEE: Final = 0.04045
_LINEAR_KNEE: Final = 0.0031308


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
    spectrum = np.fft.rfft2(_to_linear(encoded), s=(rows, columns)) * response
    full = np.fft.irfft2(spectrum, s=(rows, columns))
    reach = 2 * FILTER_REACH_PX
    inner = full[:, reach : encoded.shape[1], reach : encoded.shape[2]]
    return _to_encoded(inner.clip(0, 1).astype(np.float32))


def _to_linear(encoded: Float32) -> Float32:
    """Decode sRGB (IEC 61966-2-1); what lies beyond [0, 1] is clipped."""
    values = encoded.clip(0, 1)
    return np.where(values <= _KNEE, values / 12.92, ((values + 0.055) / 1.055) ** 2.4).astype(np.float32)


def _to_encoded(linear: Float32) -> Float32:
    """Encode linear light in [0, 1] as sRGB (IEC 61966-2-1)."""
    curved = 1.055 * np.maximum(linear, _LINEAR_KNEE) ** (1 / 2.4) - 0.055
    return np.where(linear <= _LINEAR_KNEE, 12.92 * linear, curved).astype(np.float32)
