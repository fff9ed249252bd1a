"""Traces that a blur leaves in a picture, as maps of the size of a kernel: correlations and cepstra.

A sharp picture has edges in all places and directions, so that the gradients of a blurred one are correlated about as
the kernel is with itself. All maps are means over the picture.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from opir.deconvolution.kernel import REACH_PX, Float32, middle_window

N_MAPS: Final = 14
"""Maps of :func:`trace_maps`."""

N_STATISTICS: Final = 14
"""Numbers of :func:`trace_statistics`."""

PATCH_PX: Final = 64
"""Side of the patches whose spectra are averaged for the cepstra."""

_SOFT_LIMIT: Final = 4.0
_SMALL: Final = 1e-4
_CEPSTRUM_GAIN: Final = 10.0
_DISTANCES: Final = (1, 2, 4, 8, 16)


def trace_maps(gray: Float32) -> Float32:
    """Return the maps (14, 33, 33) of a picture.

    For the differences over two pixels along the rows, the columns and both diagonals, g, in units of their standard
    deviation: the autocorrelation of g; the correlation of s(g)^3 with g, whose asymmetry tells a kernel from its
    mirror image, which autocorrelations cannot; the autocorrelation of s(g)^2. ``s(g) = g / (1 + |g| / 4)`` keeps
    single edges from deciding. Then two cepstra (the inverse transform of the logarithm of the spectrum; C. Rom, On the
    cepstrum of two-dimensional functions, IEEE Trans. Information Theory 21(2), 1975), of the geometric and the
    arithmetic mean of the power spectra of patches (P. Welch, IEEE Trans. Audio and Electroacoustics 15(2), 1967).

    Args:
        gray: (H, W), mean of the encoded colours, in [0, 1]; at least 96 pixels a side.
    """
    maps: list[Float32] = []
    for gradient in _gradients(gray):
        g = gradient / (gradient.std(ddof=1) + _SMALL)
        soft = g / (1 + np.abs(g) / _SOFT_LIMIT)
        squares = soft**2
        squares = squares - squares.mean()
        maps.append(_correlation(g, g))
        maps.append(_with_unit_middle(_correlation(soft**3, g)))
        maps.append(_with_unit_middle(_correlation(squares, squares)))
    return np.stack([*maps, *_cepstra(gray)])


def trace_statistics(gray: Float32) -> Float32:
    """Return numbers (14,) that tell how strong edges and noise are.

    Logarithms of mean differences over 1, 2, 4, 8 and 16 pixels along both axes, of the mean and the median of a second
    difference; mean and standard deviation of the picture.

    Args:
        gray: as for :func:`trace_maps`.
    """
    values: list[float] = []
    for distance in _DISTANCES:
        values.append(float(np.log(np.abs(gray[:, distance:] - gray[:, :-distance]).mean() + _SMALL)))
        values.append(float(np.log(np.abs(gray[distance:] - gray[:-distance]).mean() + _SMALL)))
    second = gray[:, 1:-1] * 2 - gray[:, 2:] - gray[:, :-2]
    noise = np.abs(second[2:] - second[:-2]).ravel()
    middle = np.partition(noise, (len(noise) - 1) // 2)[(len(noise) - 1) // 2]
    values += [float(np.log(noise.mean() + _SMALL)), float(np.log(middle + _SMALL))]
    values += [float(gray.mean()), float(gray.std(ddof=1))]
    return np.array(values, np.float32)


def _gradients(gray: Float32) -> tuple[Float32, ...]:
    """Differences over two pixels, of one shape: along rows, columns, and the two diagonals."""
    return (
        gray[1:-1, 2:] - gray[1:-1, :-2],
        gray[2:, 1:-1] - gray[:-2, 1:-1],
        gray[2:, 2:] - gray[:-2, :-2],
        gray[2:, :-2] - gray[:-2, 2:],
    )


def _correlation(first: Float32, second: Float32) -> Float32:
    """Mean of ``first(x) second(x + d)`` over x, for every distance d of a kernel's size; pictures are periodic."""
    product = np.conj(np.fft.rfft2(first)) * np.fft.rfft2(second)
    return middle_window(np.fft.irfft2(product, s=first.shape)) / np.float32(first.size)


def _with_unit_middle(correlation: Float32) -> Float32:
    return correlation / max(float(correlation[REACH_PX, REACH_PX]), 1e-3)


def _cepstra(gray: Float32) -> tuple[Float32, Float32]:
    window = np.hanning(PATCH_PX + 1)[:-1].astype(np.float32)
    patches = np.lib.stride_tricks.sliding_window_view(gray, (PATCH_PX, PATCH_PX))[:: PATCH_PX // 2, :: PATCH_PX // 2]
    patches = patches.reshape(-1, PATCH_PX, PATCH_PX)
    tapered = (patches - patches.mean(axis=(1, 2), keepdims=True)) * (window[:, None] * window[None, :])
    power = np.abs(np.fft.rfft2(tapered)) ** 2
    return _cepstrum(np.log(power + 1e-6).mean(axis=0)), _cepstrum(np.log(power.mean(axis=0) + 1e-6))


def _cepstrum(log_power: Float32) -> Float32:
    plane = np.fft.irfft2(log_power - log_power.mean(), s=(PATCH_PX, PATCH_PX))
    return np.float32(_CEPSTRUM_GAIN) * middle_window(plane)
