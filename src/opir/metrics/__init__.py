"""Image quality metrics: pure functions on numpy arrays, the range of the values always said.

Pictures are RGB, channels first, encoded (not linear) values. The metrics take what they are given; rounding, the
change to luma and the cut of a border are functions of their own, so that every protocol can say what it does.
"""

from __future__ import annotations

from opir.metrics.border import cut_border
from opir.metrics.luma import luma_bt601
from opir.metrics.mae import mean_absolute_error
from opir.metrics.psnr import psnr
from opir.metrics.rounding import round_to_8_bits
from opir.metrics.ssim import WINDOWS, SsimWindow, ssim

__all__ = [
    "WINDOWS",
    "SsimWindow",
    "cut_border",
    "luma_bt601",
    "mean_absolute_error",
    "psnr",
    "round_to_8_bits",
    "ssim",
]
