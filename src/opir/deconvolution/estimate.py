"""The blur of a picture from the picture alone: traces, an alternation, and a network that weighs them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

import numpy as np

from opir.deconvolution.alternation import alternation_maps
from opir.deconvolution.inverse_filter import Blur
from opir.deconvolution.kernel import Float32
from opir.deconvolution.orientations import N_MIRRORED, mirrored, mirrored_maps
from opir.deconvolution.traces import trace_maps, trace_statistics

LEAST_SIDE_PX: Final = 96
"""Smallest side of a picture in which a blur is looked for."""

LEAST_AGREEMENT: Final = 0.85
"""Smallest cosine between the kernels of a picture's windows and their mean, softened, for one blur of the whole."""

_SMALL: Final = 1e-8


class KernelFinder(Protocol):
    """A network that tells kernels from their traces."""

    def kernel(self, maps: Float32, statistics: Float32) -> tuple[Float32, Float32]:
        """Map traces and maps of the alternation (1, 23, 33, 33) and statistics (1, 14) to the kernel and (1, 2).

        The two further numbers are logarithms of regularisers, see :class:`opir.deconvolution.inverse_filter.Blur`.
        """
        ...


def estimate_blur(finder: KernelFinder, windows: Sequence[Float32]) -> Blur | None:
    """Return the blur of a picture, or None where its windows are blurred in different ways, or too small.

    Args:
        finder: what tells kernels from traces.
        windows: parts (3, H, W) of the picture, encoded sRGB in [0, 1].
    """
    if not windows or min(min(window.shape[1:]) for window in windows) < LEAST_SIDE_PX:
        return None
    blurs = [_blur_of(finder, window) for window in windows]
    kernel = np.mean([blur.kernel for blur in blurs], axis=0)
    soft = _softened(kernel)
    if any(_cosine(_softened(blur.kernel), soft) < LEAST_AGREEMENT for blur in blurs):
        return None
    regularisers = np.max([blur.log_regularisers for blur in blurs], axis=0)
    return Blur(kernel=kernel.astype(np.float32), log_regularisers=regularisers.astype(np.float32))


def _blur_of(finder: KernelFinder, window: Float32) -> Blur:
    """Ask for the kernel of the window and of its mirror images: what they agree on is more probable.

    The mean is geometric, so that a place that one of them excludes is excluded.
    """
    gray = np.ascontiguousarray(window.mean(axis=0))
    maps, statistics = np.concatenate((trace_maps(gray), alternation_maps(gray))), trace_statistics(gray)
    logarithms, regularisers = [], []
    for orientation in range(N_MIRRORED):
        seen = np.ascontiguousarray(mirrored_maps(maps, orientation))
        kernel, log_regularisers = finder.kernel(seen[None], statistics[None])
        logarithms.append(np.log(mirrored(kernel[0], orientation) + _SMALL))
        regularisers.append(log_regularisers[0])
    product = np.exp(np.mean(logarithms, axis=0))
    return Blur(
        kernel=(product / product.sum()).astype(np.float32),
        log_regularisers=np.mean(regularisers, axis=0, dtype=np.float32),
    )


def _softened(kernel: Float32) -> Float32:
    padded = np.pad(kernel, 1)
    soft: Float32 = np.lib.stride_tricks.sliding_window_view(padded, (3, 3)).mean(axis=(2, 3), dtype=np.float32)
    return soft


def _cosine(first: Float32, second: Float32) -> float:
    return float((first * second).sum() / (np.linalg.norm(first) * np.linalg.norm(second)))
