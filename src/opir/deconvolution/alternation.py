"""A kernel made better: sharpen the picture with it, then ask which kernel leads from the sharp one to the given one.

The alternation of blind deconvolution, with both steps in the Fourier domain: S. Cho and S. Lee, Fast motion
deblurring, SIGGRAPH Asia 2009, for the second; for the first a picture whose gradient is zero nearly everywhere,
J. Pan, Z. Hu, Z. Su and M.-H. Yang, Deblurring text images via L0-regularized intensity and gradient prior, CVPR 2014,
by the half-quadratic splitting of L. Xu, C. Lu, Y. Xu and J. Jia, Image smoothing via L0 gradient minimization,
SIGGRAPH Asia 2011.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from opir.deconvolution.fast_length import fast_length
from opir.deconvolution.kernel import (
    REACH_PX,
    SIDE,
    Float32,
    Spectrum,
    centred,
    middle_window,
    squared_differences,
    transfer_function,
)

N_TURNS: Final = 8
SCHEDULE: Final = tuple(1e-2 * 0.2 ** (turn / (N_TURNS - 1)) for turn in range(N_TURNS))
"""Weight of the number of edges, from a few strong ones to most."""

TOLD_EVERY: Final = 2
"""Turns from one pair of maps to the next."""

N_MAPS: Final = 2 * (N_TURNS // TOLD_EVERY) + 1
"""Maps of :func:`alternation_maps`."""

START_SIGMA_PX: Final = 1.0
"""Standard deviation of the Gaussian that the first turn starts from."""

_N_SPLITTINGS: Final = 3
_SPLITTING_FACTOR: Final = 16.0
_KERNEL_PENALTY: Final = 0.5
_FLOOR: Final = 0.05
_TAPER_PX: Final = 24
_KERNEL_GAIN: Final = 10.0
_SMALL: Final = 1e-4


def alternation_maps(gray: Float32) -> Float32:
    """Return maps (9, 33, 33): the raw and the cleaned kernel of every second turn, and the logarithm of the last one.

    Args:
        gray: (H, W), mean of the encoded colours, in [0, 1].
    """
    profile = np.exp(-0.5 * ((np.arange(SIDE) - REACH_PX) / START_SIGMA_PX) ** 2)
    kernel = (np.outer(profile, profile) / profile.sum() ** 2).astype(np.float32)
    maps: list[Float32] = []
    for turn, weight in enumerate(SCHEDULE, start=1):
        raw, kernel = kernel_between(sharp_edges(gray, kernel, weight), gray)
        if turn % TOLD_EVERY == 0:
            maps += [raw, _KERNEL_GAIN * kernel]
    logarithm: Float32 = np.log(kernel + _SMALL) / 4
    return np.stack([*maps, logarithm])


def sharp_edges(gray: Float32, kernel: Float32, weight: float) -> Float32:
    """Return the picture x (H, W) of ``min |k * x - y|^2 + weight |grad x|_0``, about."""
    height, width = gray.shape
    pad = 2 * REACH_PX
    rows, columns = fast_length(height + 2 * pad), fast_length(width + 2 * pad)
    sides = ((pad, rows - height - pad), (pad, columns - width - pad))
    x = np.pad(gray, sides, mode="reflect")
    transfer = transfer_function(kernel, (rows, columns))
    matched, power = np.conj(transfer) * np.fft.rfft2(x), np.abs(transfer) ** 2
    laplacian = squared_differences((rows, columns)).astype(np.float32)
    coupling = 2 * weight
    for _ in range(_N_SPLITTINGS):
        right, down = np.roll(x, -1, axis=1) - x, np.roll(x, -1, axis=0) - x
        kept = right**2 + down**2 > weight / coupling
        right, down = right * kept, down * kept
        divergence = np.roll(right, 1, axis=1) - right + np.roll(down, 1, axis=0) - down
        spectrum = (matched + coupling * np.fft.rfft2(divergence)) / (power + coupling * laplacian + 1e-8)
        x = np.fft.irfft2(spectrum, s=(rows, columns)).astype(np.float32)
        coupling *= _SPLITTING_FACTOR
    return x[pad : pad + height, pad : pad + width]


def kernel_between(sharp: Float32, blurred: Float32) -> tuple[Float32, Float32]:
    """Return the kernel that leads from the gradients of one picture to those of the other, in least squares.

    Returns:
        (33, 33) as computed, in units of its largest value; and (33, 33) without what is negative or below a twentieth
        of the largest value, of sum 1 and centred.
    """
    height, width = sharp.shape
    taper = np.outer(_ramp(height), _ramp(width))
    numerator: Spectrum = np.zeros((height, width // 2 + 1), np.complex64)
    power = np.zeros((height, width // 2 + 1), np.float32)
    for axis in (1, 0):
        first, second = (np.fft.rfft2(_difference(plane, axis) * taper) for plane in (sharp, blurred))
        numerator = numerator + np.conj(first) * second
        power = power + np.abs(first) ** 2
    raw = middle_window(np.fft.irfft2(numerator / (power + _KERNEL_PENALTY * power.mean() + 1e-12), s=(height, width)))
    cleaned = np.where(raw < _FLOOR * raw.max(), 0, raw).clip(min=0)
    cleaned = (cleaned / (cleaned.sum() + 1e-8)).astype(np.float32)
    return (raw / (raw.max() + 1e-6)).astype(np.float32), centred(cleaned)


def _difference(plane: Float32, axis: int) -> Float32:
    difference: Float32 = np.diff(plane, axis=axis, append=np.take(plane, [-1], axis=axis))
    return difference


def _ramp(size: int) -> Float32:
    """Return weights (size,) that rise from 0 to 1 over the first 24 values and fall over the last."""
    edge = np.sin(np.linspace(0, np.pi / 2, _TAPER_PX + 2)[1:-1]) ** 2
    weights = np.ones(size)
    weights[:_TAPER_PX], weights[-_TAPER_PX:] = edge, edge[::-1]
    return weights.astype(np.float32)
