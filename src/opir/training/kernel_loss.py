"""What the network that finds kernels is trained to minimise: what is left after its kernels are undone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor

from opir.data.blurred_samples import BlurredSample
from opir.deconvolution.fast_length import fast_length
from opir.deconvolution.kernel import REACH_PX, SIDE
from opir.physics.colour import linear_to_srgb, srgb_to_linear

SMALLEST_ERROR: Final = 1e-5
"""Mean squared error below which gains do not matter."""

_FIXED_WHITE: Final = (-5.0, -2.0)
_FIXED_RISING: Final = (-7.0, -3.0)


@dataclass(frozen=True, kw_only=True)
class KernelLosses:
    """The terms of one batch, each a scalar, unweighted."""

    gain: Tensor
    """Logarithm of the squared error after over that before, with the network's own regularisers."""
    fixed_gain: Tensor
    """The same with random ones: were they its own alone, it would learn to do nothing before it finds kernels."""
    kernel: Tensor
    """Squared difference from the true kernel, both softened, relative to the true one's square."""


def kernel_losses(
    kernel: Tensor, log_regularisers: Tensor, sample: BlurredSample, generator: torch.Generator
) -> KernelLosses:
    """All terms for a batch: kernels (B, 33, 33) and logarithms of regularisers (B, 2) of the network."""
    n = len(kernel)
    low = torch.tensor((_FIXED_WHITE[0], _FIXED_RISING[0]))
    high = torch.tensor((_FIXED_WHITE[1], _FIXED_RISING[1]))
    fixed = low + (high - low) * torch.rand(n, 2, generator=generator)
    before = (sample.blurred - sample.sharp).square().mean(dim=(1, 2))

    def gain(regularisers: Tensor) -> Tensor:
        after = (deconvolved(sample.blurred, kernel, regularisers) - sample.sharp).square().mean(dim=(1, 2))
        return torch.log((after + SMALLEST_ERROR) / (before + SMALLEST_ERROR)).mean()

    difference = (_softened(kernel) - _softened(sample.kernel)).square().sum(dim=(1, 2))
    return KernelLosses(
        gain=gain(log_regularisers),
        fixed_gain=gain(fixed),
        kernel=(difference / _softened(sample.kernel).square().sum(dim=(1, 2))).mean(),
    )


def deconvolved(encoded: Tensor, kernel: Tensor, log_regularisers: Tensor) -> Tensor:
    """Undo blurs in linear light, with gradients; the same filter as :func:`opir.deconvolution.inverse_filter`.

    Args:
        encoded: (B, H, W), encoded sRGB in [0, 1].
        kernel: (B, 33, 33), of sum 1.
        log_regularisers: (B, 2).

    Returns:
        (B, H, W), encoded sRGB in [0, 1].
    """
    height, width = encoded.shape[1:]
    pad = 2 * REACH_PX
    rows, columns = fast_length(height + 2 * pad), fast_length(width + 2 * pad)
    sides = (pad, columns - width - pad, pad, rows - height - pad)
    light = F.pad(srgb_to_linear(encoded)[:, None], sides, mode="reflect")[:, 0]
    grid = torch.roll(F.pad(kernel, (0, columns - SIDE, 0, rows - SIDE)), (-REACH_PX, -REACH_PX), (1, 2))
    transfer = torch.fft.rfft2(grid)
    down, right = 2 * torch.pi * torch.fft.fftfreq(rows), 2 * torch.pi * torch.fft.rfftfreq(columns)
    rise = 4 - 2 * down.cos()[:, None] - 2 * right.cos()[None, :]
    white, rising = log_regularisers.exp()[:, :, None, None].unbind(dim=1)
    regulariser = white + rising * rise
    response = (transfer.conj() + regulariser) / (transfer.abs().square() + regulariser)
    whole = torch.fft.irfft2(torch.fft.rfft2(light) * response, s=(rows, columns))
    return linear_to_srgb(whole[:, pad : pad + height, pad : pad + width].clamp(0, 1))


def _softened(kernel: Tensor) -> Tensor:
    return F.avg_pool2d(kernel[:, None], 3, stride=1, padding=1)[:, 0]
