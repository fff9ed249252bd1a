"""Noise as cameras leave it in the pictures they deliver: reduced, coarse, uneven."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor

from opir.physics.colour import rgb_to_ycbcr, ycbcr_to_rgb
from opir.physics.correlated_noise import amplitudes_of
from opir.physics.degradation import Degradation, Parameters, check_batch, draw_seeds, log_uniform, uniform
from opir.physics.per_image import keep_where, normal_like, per_image
from opir.tasks import Task

_SIGMA_LOW, _SIGMA_HIGH, _SIGMA_STRONGEST = 0.8, 25.0, 20.0
_LUMA_CUTOFF = (0.15, 0.5)
_CHROMA_CUTOFF = (0.05, 0.3)
_STEEPNESS = (2.0, 6.0)
_COARSE_LUMA, _COARSE_CHROMA = (0.0, 0.25), (0.0, 0.5)
_COARSE_CUTOFF = (0.015, 0.08)
_WHITE = (1e-3, 5e-2)
_CHROMA_SHARE = (0.05, 0.6)
_REDUCTION = (0.0, 0.8)
_WINDOW_PX = 7
_LITTLE_DETAIL = 0.02
"""Local standard deviation of luma at which noise reduction takes half of what it takes in flat parts."""


@dataclass(frozen=True, kw_only=True)
class DevelopedNoiseParameters(Parameters):
    """Strength, spectrum and evenness of the noise."""

    sigma: Tensor
    """(B,), standard deviation in code values of 0-255, quadratic mean over the picture and R, G and B."""
    cutoff: Tensor
    """(B, 3), frequency in cycles per pixel at which the power of Y, Cb and Cr has fallen to a half."""
    steepness: Tensor
    """(B, 3), how steeply the power falls beyond: ``1 / (1 + (f / cutoff)^(2 steepness))``."""
    coarse_share: Tensor
    """(B, 3), share of the variance of Y, Cb and Cr in blotches that noise reduction has left."""
    coarse_cutoff: Tensor
    """(B,), standard deviation, in cycles per pixel, of the Gaussian spectrum of the blotches' power."""
    white_share: Tensor
    """(B,), share of the variance that is white, such as that of rounding."""
    chroma_share: Tensor
    """(B,), share of the variance that is chroma."""
    shot_share: Tensor
    """(B,), how much of the variance is proportional to luma: 0 is none, 1 all of it."""
    reduction: Tensor
    """(B,), how much weaker the noise is in flat parts than in detail: 0 is not at all, 1 is gone."""
    seed: Tensor
    """(B,), int64, seed of the noise field."""


class DevelopedNoise(Degradation[DevelopedNoiseParameters]):
    """Adds what a camera's development leaves of its noise, ``I = clip(J + sigma / 255 * a(J) * n)``.

    n has a spectrum for each of Y, Cb and Cr: flat up to a cutoff and falling steeply beyond, as interpolation of the
    mosaic and noise reduction leave it; blotches, which reduction in small windows cannot reach; and a white part.
    ``a`` makes it uneven: stronger where the picture is bright (shot noise), weaker where it is flat (reduction spares
    detail, and with it noise). Its quadratic mean over the picture is 1. A model of appearance: the ranges are ours,
    wide on purpose, and weak noise is drawn as often as strong, since that of the PolyU photographs is weak
    (docs/experiments.md, 29 November, third run).
    """

    task: ClassVar[Task] = "noise"

    def sample(self, n: int, generator: torch.Generator) -> DevelopedNoiseParameters:
        """Draw sigma from 0.8 to 25 code values on a log scale, and a camera."""
        return self._camera(log_uniform(n, _SIGMA_LOW, _SIGMA_HIGH, generator), generator)

    def from_severity(self, severity: Tensor, generator: torch.Generator) -> DevelopedNoiseParameters:
        """``sigma = 20 * severity``; the camera is drawn as in ``sample``."""
        return self._camera(_SIGMA_STRONGEST * severity, generator)

    def _camera(self, sigma: Tensor, generator: torch.Generator) -> DevelopedNoiseParameters:
        n = len(sigma)
        luma_cutoff = uniform(n, *_LUMA_CUTOFF, generator)
        chroma_cutoffs = [log_uniform(n, *_CHROMA_CUTOFF, generator) for _ in range(2)]
        luma_coarse = uniform(n, *_COARSE_LUMA, generator)
        chroma_coarse = [uniform(n, *_COARSE_CHROMA, generator) for _ in range(2)]
        return DevelopedNoiseParameters(
            sigma=sigma,
            cutoff=torch.stack((luma_cutoff, *chroma_cutoffs), dim=1),
            steepness=torch.stack([uniform(n, *_STEEPNESS, generator) for _ in range(3)], dim=1),
            coarse_share=torch.stack((luma_coarse, *chroma_coarse), dim=1),
            coarse_cutoff=log_uniform(n, *_COARSE_CUTOFF, generator),
            white_share=log_uniform(n, *_WHITE, generator),
            chroma_share=uniform(n, *_CHROMA_SHARE, generator),
            shot_share=uniform(n, 0, 1, generator),
            reduction=uniform(n, *_REDUCTION, generator),
            seed=draw_seeds(n, generator),
        )

    def apply(self, image: Tensor, parameters: DevelopedNoiseParameters) -> Tensor:
        """Add the noise to ``image`` (B, 3, H, W), sRGB in [0, 1]; clipped to [0, 1], not rounded.

        Raises:
            ShapeError: if the image is not (B, 3, H, W) or B differs from the parameters' batch size.
        """
        check_batch(image, parameters)
        white = normal_like(parameters.seed, image.detach().float())
        height, width = white.shape[2:]
        response = _power(parameters, height, width).sqrt()
        grain = torch.fft.irfft2(torch.fft.rfft2(white) * response[..., : width // 2 + 1], s=(height, width))
        grain = grain * per_image(amplitudes_of(parameters.chroma_share), white)
        grain[:, 1:] += 0.5
        noise = (ycbcr_to_rgb(grain) * per_image(parameters.sigma / 255, white)).to(image.dtype)
        noisy = (image + noise * unevenness(image, parameters.shot_share, parameters.reduction)).clamp(0, 1)
        return keep_where(parameters.sigma <= 0, image, noisy)


def _power(parameters: DevelopedNoiseParameters, height: int, width: int) -> Tensor:
    """Power of Y, Cb and Cr over all frequencies, (B, 3, H, W), of mean 1: variance 1, by Parseval."""
    like = parameters.cutoff.float()[:, :, None, None]
    vertical = torch.fft.fftfreq(height, device=like.device)[:, None]
    horizontal = torch.fft.fftfreq(width, device=like.device)[None, :]
    frequency = (vertical**2 + horizontal**2).sqrt()
    fine = 1 / (1 + (frequency / like) ** (2 * per_image(parameters.steepness, like)))
    coarse = torch.exp(-0.5 * (frequency / per_image(parameters.coarse_cutoff, like)) ** 2)
    coarse_share = per_image(parameters.coarse_share, like)
    white_share = per_image(parameters.white_share, like)
    shaped = (1 - coarse_share) * _of_mean_one(fine) + coarse_share * _of_mean_one(coarse)
    return (1 - white_share) * shaped + white_share


def _of_mean_one(power: Tensor) -> Tensor:
    return power / power.mean(dim=(2, 3), keepdim=True)


def unevenness(image: Tensor, shot_share: Tensor, reduction: Tensor) -> Tensor:
    """Relative strength of the noise at every pixel, (B, 1, H, W), of quadratic mean 1.

    Args:
        image: (B, 3, H, W), sRGB in [0, 1].
        shot_share: (B,) in [0, 1], how much of the variance is proportional to luma.
        reduction: (B,) in [0, 1], how much weaker the noise is in flat parts.
    """
    luma = rgb_to_ycbcr(image)[:, :1]
    border = _WINDOW_PX // 2
    around = F.pad(luma, (border,) * 4, mode="replicate")
    mean = F.avg_pool2d(around, _WINDOW_PX, stride=1)
    deviation = (F.avg_pool2d(around**2, _WINDOW_PX, stride=1) - mean**2).clamp_min(0).sqrt()
    flatness = _LITTLE_DETAIL / (deviation + _LITTLE_DETAIL)
    shot = per_image(shot_share, luma)
    # half of full brightness has the mean strength, darkness never less than a twentieth of its variance
    variance = (1 - shot) + shot * (2 * mean).clamp_min(0.05)
    strength = variance.sqrt() * (1 - per_image(reduction, luma) * flatness)
    return strength / strength.square().mean(dim=(2, 3), keepdim=True).sqrt().clamp_min(1e-6)
