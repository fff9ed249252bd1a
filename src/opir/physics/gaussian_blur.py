"""Gaussian blur: the sum of many small causes, and the usual model of a soft lens."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from opir.physics.degradation import Degradation, Parameters, check_batch, log_uniform, uniform
from opir.physics.psf import blur_in_linear_light
from opir.tasks import Task

LARGEST_SIGMA_PX = 5.0
"""Standard deviation at severity 1."""

_REACH = 4.0
_SHARP_PX = 1e-3


@dataclass(frozen=True, kw_only=True)
class GaussianBlurParameters(Parameters):
    """Widths of a batch."""

    sigma_px: Tensor
    """(B,), standard deviation in pixels; 0 is sharp."""
    headroom_stops: Tensor
    """(B,), how much brighter than white clipped highlights really are, in stops."""


class GaussianBlur(Degradation[GaussianBlurParameters]):
    """Convolution with ``exp(-r^2 / (2 sigma^2))``, scaled to sum 1, in linear light: ``I = clip(k * R)``.

    See :func:`opir.physics.psf.blur_in_linear_light` for R.
    """

    task: ClassVar[Task] = "blur"

    def sample(self, n: int, generator: torch.Generator) -> GaussianBlurParameters:
        """Draw standard deviations of 0.4 to 5 pixels."""
        return GaussianBlurParameters(
            sigma_px=log_uniform(n, 0.4, LARGEST_SIGMA_PX, generator), headroom_stops=uniform(n, 0, 2, generator)
        )

    def from_severity(self, severity: Tensor, generator: torch.Generator) -> GaussianBlurParameters:
        """``sigma_px = 5 * severity``; the headroom is drawn."""
        return GaussianBlurParameters(
            sigma_px=LARGEST_SIGMA_PX * severity, headroom_stops=uniform(len(severity), 0, 2, generator)
        )

    def apply(self, image: Tensor, parameters: GaussianBlurParameters) -> Tensor:
        """Blur ``image`` (B, 3, H, W), sRGB in [0, 1]; see :class:`Degradation`."""
        check_batch(image, parameters)
        return blur_in_linear_light(image, isotropic_kernels(parameters.sigma_px), parameters.headroom_stops)


def isotropic_kernels(sigma_px: Tensor) -> Tensor:
    """Sampled Gaussians (B, K, K) of sum 1, each cut off beyond four of its own standard deviations.

    Args:
        sigma_px: (B,); 0 gives a single 1 in the middle.
    """
    reach = (_REACH * sigma_px).ceil()
    radius = max(1, math.ceil(reach.max().item())) if len(sigma_px) else 1
    axis = torch.arange(-radius, radius + 1, device=sigma_px.device)
    profile = torch.exp(-0.5 * (axis / sigma_px[:, None].clamp(min=_SHARP_PX)) ** 2)
    profile = torch.where(axis.abs() <= reach[:, None], profile, 0.0)
    profile = profile / profile.sum(dim=1, keepdim=True)
    return profile[:, :, None] * profile[:, None, :]
