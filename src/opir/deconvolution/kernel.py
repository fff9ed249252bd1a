"""Blur kernels as arrays: their size, their middle, their spectrum."""

from __future__ import annotations

from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

Float32: TypeAlias = NDArray[np.float32]
Spectrum: TypeAlias = NDArray[np.complexfloating]

REACH_PX: Final = 16
"""Farthest from the middle that a kernel reaches, along either axis."""

SIDE: Final = 2 * REACH_PX + 1
"""Rows and columns of a kernel."""


def centred(kernel: Float32) -> Float32:
    """Move the centre of mass of a kernel (33, 33) to its middle, to the nearest pixel: a shift is no blur."""
    axis = np.arange(SIDE) - REACH_PX
    down = round(float(kernel.sum(axis=1) @ axis))
    right = round(float(kernel.sum(axis=0) @ axis))
    return np.roll(kernel, (-down, -right), axis=(0, 1))


def extent_px(kernel: Float32) -> float:
    """Twice the root mean square distance of a kernel's mass from its middle [px], 0 for a single point."""
    axis = np.arange(SIDE) - REACH_PX
    squares = axis[:, None] ** 2 + axis[None, :] ** 2
    return float(2.0 * np.sqrt((kernel * squares).sum() / kernel.sum()))


def transfer_function(kernel: Float32, shape: tuple[int, int]) -> Spectrum:
    """Return the discrete Fourier transform (rfft2) of a kernel whose middle is the origin, on a grid of a shape."""
    grid = np.zeros(shape, np.float32)
    grid[:SIDE, :SIDE] = kernel
    spectrum: Spectrum = np.fft.rfft2(np.roll(grid, (-REACH_PX, -REACH_PX), axis=(0, 1)))
    return spectrum


def squared_differences(shape: tuple[int, int]) -> NDArray[np.float64]:
    """Return the squared magnitude of the transform (rfft2) of both first differences, on a grid of a shape."""
    down, right = 2 * np.pi * np.fft.fftfreq(shape[0]), 2 * np.pi * np.fft.rfftfreq(shape[1])
    squares: NDArray[np.float64] = 4 - 2 * np.cos(down)[:, None] - 2 * np.cos(right)[None, :]
    return squares


def middle_window(plane: NDArray[np.floating]) -> Float32:
    """Cut the 33 x 33 values around the origin out of a periodic plane, the origin in the middle."""
    rolled = np.roll(plane, (REACH_PX, REACH_PX), axis=(0, 1))
    return np.ascontiguousarray(rolled[:SIDE, :SIDE], dtype=np.float32)
