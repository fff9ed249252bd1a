"""Pictures with edges in all directions, and blurs of them, for tests of deconvolution."""

from __future__ import annotations

import numpy as np

from opir.deconvolution.kernel import REACH_PX, SIDE, Float32


def rectangles(height: int = 160, width: int = 192, *, seed: int = 0) -> Float32:
    """Gray rectangles and discs over one another, (H, W), in [0.05, 0.95]."""
    generator = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    plane = np.full((height, width), 0.5)
    for number in range(60):
        top, left = generator.uniform(-20, height), generator.uniform(-20, width)
        size = generator.uniform(6, 40)
        if number % 2:
            inside = (np.abs(y - top) < size / 2) & (np.abs(x - left) < size)
        else:
            inside = (y - top) ** 2 + (x - left) ** 2 < size**2 / 2
        plane[inside] = generator.uniform(0.05, 0.95)
    return plane.astype(np.float32)


def line_kernel(length: int, *, along: str = "columns") -> Float32:
    """A straight motion of an odd length in pixels."""
    kernel = np.zeros((SIDE, SIDE), np.float32)
    half = length // 2
    kernel[REACH_PX, REACH_PX - half : REACH_PX + half + 1] = 1 / length
    return kernel if along == "columns" else kernel.T.copy()


def hook_kernel() -> Float32:
    """A kernel that is not its own mirror image: bright at one end, with a tail."""
    kernel = np.zeros((SIDE, SIDE), np.float32)
    kernel[REACH_PX, REACH_PX - 2 : REACH_PX + 9] = np.linspace(1, 0.1, 11) ** 2
    return kernel / kernel.sum()


def blurred(plane: Float32, kernel: Float32) -> Float32:
    """Convolve a plane with a kernel, mirrored beyond the border: ``out(p) = sum_q k(q) in(p - q)``."""
    around = np.pad(plane, REACH_PX, mode="symmetric")
    windows = np.lib.stride_tricks.sliding_window_view(around, (SIDE, SIDE))
    return np.einsum("ijkl,kl->ij", windows, kernel[::-1, ::-1]).astype(np.float32)
