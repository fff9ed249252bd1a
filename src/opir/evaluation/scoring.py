"""Applying one measure of a protocol to one picture."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from opir.errors import ShapeError
from opir.evaluation.protocols import Measure
from opir.metrics import cut_border, luma_bt601, mean_absolute_error, psnr, round_to_8_bits, ssim

HIGHEST_PSNR_DB: Final = 100.0
"""PSNR of pictures that are equal, so that a mean exists; float32 results of 8-bit pictures end near 140 dB."""


def score(picture: NDArray[np.floating], reference: NDArray[np.floating], measure: Measure) -> float:
    """Score a result (3, H, W), encoded RGB nominally in [0, 1], against a reference of the same kind.

    PSNR never exceeds :data:`HIGHEST_PSNR_DB`. Raises :class:`ShapeError` if the sizes differ or are too small.
    """
    clipped = np.clip(picture.astype(np.float64), 0.0, 1.0)
    prepared = clipped if measure.rounding == "float" else round_to_8_bits(clipped)
    return _compared(prepared, reference.astype(np.float64), measure)


def score_input(picture: NDArray[np.floating], reference: NDArray[np.floating], measure: Measure) -> float:
    """Score a degraded picture as the network gets it: neither clipped nor rounded.

    Inputs have 8 bits in every protocol but ``float-noise``, where clipping would remove a part of the noise.
    """
    return _compared(picture.astype(np.float64), reference.astype(np.float64), measure)


def _compared(picture: NDArray[np.float64], reference: NDArray[np.float64], measure: Measure) -> float:
    if picture.shape != reference.shape:
        raise ShapeError(f"result and reference must have the same shape; got {picture.shape}, {reference.shape}")
    if measure.channel == "y":
        picture, reference = luma_bt601(picture), luma_bt601(reference)
        if measure.rounding == "uint8_y":
            picture, reference = round_to_8_bits(picture), round_to_8_bits(reference)
    picture, reference = cut_border(picture, measure.border_px), cut_border(reference, measure.border_px)
    if measure.window is not None:
        return ssim(picture, reference, data_range=1, window=measure.window)
    if measure.metric == "mae":
        return mean_absolute_error(picture, reference, data_range=1)
    return min(HIGHEST_PSNR_DB, psnr(picture, reference, data_range=1))
