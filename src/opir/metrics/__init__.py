"""Image quality metrics on numpy arrays."""

from __future__ import annotations

from opir.metrics.psnr import psnr

__all__ = ["psnr"]
