"""Noise with grain: correlated between neighbours, stronger or weaker in colour than in brightness."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from opir.physics.colour import ycbcr_to_rgb
from opir.physics.degradation import Degradation, Parameters, check_batch, draw_seeds, uniform
from opir.physics.per_image import normal_like, per_image
from opir.tasks import Task

_SIGMA_HIGH, _SIGMA_STRONGEST = 40.0, 25.0
_LUMA_SCALE = (0.3, 1.5)
_CHROMA_SCALE = (0.5, 4.0)
_CHROMA_SHARE = (0.0, 0.6)


@dataclass(frozen=True, kw_only=True)
class CorrelatedNoiseParameters(Parameters):
    """Strength and grain of the noise."""

    sigma: Tensor
    """(B,), standard deviation in code values of 0-255, quadratic mean over R, G and B."""
    luma_scale_px: Tensor
    """(B,), standard deviation of the Gaussian that smoothed the luma noise, in pixels; 0 is white noise."""
    chroma_scale_px: Tensor
    """(B,), the same for the two chroma channels."""
    chroma_share: Tensor
    """(B,), share of the variance that is chroma: 0 is gray noise, 1 is noise of equal luma."""
    seed: Tensor
    """(B,), int64, seed of the noise field."""


class CorrelatedNoise(Degradation[CorrelatedNoiseParameters]):
    """Adds smoothed Gaussian noise to sRGB code values, as left by denoising, enlargement, or the grain of film.

    White fields of Y, Cb and Cr are multiplied in the frequency domain by ``exp(-2 pi^2 s^2 |f|^2)``, a Gaussian of
    standard deviation s pixels, and scaled back to unit variance. The field is periodic in the size of the image.
    A model of appearance: no physical process is claimed, and the noise does not depend on the signal.
    """

    task: ClassVar[Task] = "noise"

    def sample(self, n: int, generator: torch.Generator) -> CorrelatedNoiseParameters:
        """Draw every parameter uniformly; sigma up to 40, grain up to 1.5 pixels in luma and 4 in chroma."""
        return CorrelatedNoiseParameters(
            sigma=uniform(n, 0, _SIGMA_HIGH, generator),
            luma_scale_px=uniform(n, *_LUMA_SCALE, generator),
            chroma_scale_px=uniform(n, *_CHROMA_SCALE, generator),
            chroma_share=uniform(n, *_CHROMA_SHARE, generator),
            seed=draw_seeds(n, generator),
        )

    def from_severity(self, severity: Tensor, generator: torch.Generator) -> CorrelatedNoiseParameters:
        """``sigma = 25 * severity``; the grain is drawn as in ``sample``.

        Grain is seen more easily than white noise: averaged over 5 by 5 pixels, sigma = 25 leaves as much of it
        as sigma = 75, the severity 1 of :class:`opir.physics.noise.GaussianNoise`, leaves of white noise.
        """
        n = len(severity)
        return CorrelatedNoiseParameters(
            sigma=_SIGMA_STRONGEST * severity,
            luma_scale_px=uniform(n, *_LUMA_SCALE, generator),
            chroma_scale_px=uniform(n, *_CHROMA_SCALE, generator),
            chroma_share=uniform(n, *_CHROMA_SHARE, generator),
            seed=draw_seeds(n, generator),
        )

    def apply(self, image: Tensor, parameters: CorrelatedNoiseParameters) -> Tensor:
        """Add the noise to ``image`` (B, 3, H, W), sRGB in [0, 1]; clipped to [0, 1], not rounded.

        Raises:
            ShapeError: if the image is not (B, 3, H, W) or B differs from the parameters' batch size.
        """
        check_batch(image, parameters)
        chroma = parameters.chroma_scale_px
        scales = torch.stack((parameters.luma_scale_px, chroma, chroma), dim=1)
        white = normal_like(parameters.seed, image.detach().float())
        grain = smooth_noise(white, scales) * per_image(amplitudes_of(parameters.chroma_share), white)
        grain[:, 1:] += 0.5
        noise = ycbcr_to_rgb(grain) * per_image(parameters.sigma / 255, white)
        return (image + noise.to(image.dtype)).clamp(0, 1)


def smooth_noise(white: Tensor, scales_px: Tensor) -> Tensor:
    """Smooth white noise by a periodic Gaussian and restore its variance.

    Args:
        white: (B, C, H, W), independent standard normal values.
        scales_px: (B, C), standard deviation of the Gaussian in pixels.

    Returns:
        (B, C, H, W), of expected variance 1.
    """
    height, width = white.shape[2:]
    vertical = torch.fft.fftfreq(height, device=white.device)[:, None]
    horizontal = torch.fft.fftfreq(width, device=white.device)[None, :]
    exponent = -2 * math.pi**2 * per_image(scales_px, white) ** 2
    response = torch.exp(exponent * (vertical**2 + horizontal**2))
    # by Parseval, the variance after filtering is the mean squared response over all frequencies
    response = response / response.square().mean(dim=(2, 3), keepdim=True).sqrt()
    half = response[..., : width // 2 + 1]
    smoothed: Tensor = torch.fft.irfft2(torch.fft.rfft2(white) * half, s=(height, width))
    return smoothed


def amplitudes_of(chroma_share: Tensor) -> Tensor:
    """Standard deviations of Y, Cb and Cr, (B, 3), for unit mean variance of R, G and B.

    A unit of chroma variance in both channels adds 1.402^2, 0.344^2 + 0.714^2 and 1.772^2 to R, G and B.
    """
    added = (1.402**2 + 0.344136**2 + 0.714136**2 + 1.772**2) / 3
    chroma = (chroma_share / added).sqrt()
    return torch.stack(((1 - chroma_share).sqrt(), chroma, chroma), dim=1)
