"""Blur that differs from place to place: a turning camera, things that move in their own ways."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from opir.physics.colour import linear_to_srgb, srgb_to_linear
from opir.physics.degradation import Degradation, Parameters, check_batch, draw_seeds, log_uniform, uniform
from opir.physics.motion_blur import LONGEST_PX, MotionBlurParameters, trajectory
from opir.physics.per_image import keep_where
from opir.physics.psf import convolve, draw_points, raise_highlights
from opir.physics.random_fields import image_uniform, smooth_field
from opir.tasks import Task

_N_REGIONS = 3


@dataclass(frozen=True, kw_only=True)
class VaryingBlurParameters(Parameters):
    """Paths and regions of a batch."""

    seed: Tensor
    """(B,), int64: the shapes of the paths and of the regions."""
    length_px: Tensor
    """(B,), length of the longest path in pixels; 0 is no motion."""
    shake: Tensor
    """(B,), in [0, 1], see :class:`opir.physics.motion_blur.MotionBlurParameters`."""
    variety: Tensor
    """(B,), in [0, 1]: 0 is the same blur everywhere, 1 another path in every region."""
    sharpness: Tensor
    """(B,), how sudden the regions change: 3 is gradual, 30 nearly an edge."""
    headroom_stops: Tensor
    """(B,), how much brighter than white clipped highlights really are, in stops."""


class VaryingBlur(Degradation[VaryingBlurParameters]):
    """Blend of a few blurs with smooth masks, in linear light: ``I = clip(sum_i m_i (k_i * R))``, ``sum_i m_i = 1``.

    The interpolation of point-spread functions of Nagy & O'Leary, "Restoring images degraded by spatially variant
    blur", SIAM J. Scientific Computing 19 (1998), with smooth weights. The paths are those of
    :class:`opir.physics.motion_blur.MotionBlur`.
    """

    task: ClassVar[Task] = "blur"

    def sample(self, n: int, generator: torch.Generator) -> VaryingBlurParameters:
        """Draw paths of up to 4 to 40 pixels, from nearly the same to quite another in every region."""
        return VaryingBlurParameters(
            seed=draw_seeds(n, generator),
            length_px=log_uniform(n, 4, LONGEST_PX, generator),
            shake=uniform(n, 0, 1, generator) ** 2,
            variety=uniform(n, 0.2, 1, generator),
            sharpness=log_uniform(n, 3, 30, generator),
            headroom_stops=uniform(n, 0, 2, generator),
        )

    def from_severity(self, severity: Tensor, generator: torch.Generator) -> VaryingBlurParameters:
        """``length_px = 40 * severity``; paths and regions are drawn."""
        drawn = self.sample(len(severity), generator)
        return VaryingBlurParameters(
            seed=drawn.seed,
            length_px=LONGEST_PX * severity,
            shake=drawn.shake,
            variety=drawn.variety,
            sharpness=drawn.sharpness,
            headroom_stops=drawn.headroom_stops,
        )

    def apply(self, image: Tensor, parameters: VaryingBlurParameters) -> Tensor:
        """Blur ``image`` (B, 3, H, W), sRGB in [0, 1]; see :class:`Degradation`."""
        check_batch(image, parameters)
        n, (height, width) = len(image), image.shape[-2:]
        radiance = raise_highlights(srgb_to_linear(image), parameters.headroom_stops)
        kernels = region_kernels(parameters)
        masks = region_masks(parameters, height, width).to(image.dtype)
        # the regions are channels of one transform: (B, 3, H, W) with (B, R, K, K) to (B, 3 R, H, W)
        repeated = radiance.repeat_interleave(_N_REGIONS, dim=0)
        blurred = convolve(repeated, kernels.flatten(0, 1)).view(n, _N_REGIONS, 3, height, width)
        mixed = (blurred * masks[:, :, None]).sum(dim=1)
        return keep_where(parameters.length_px == 0, image, linear_to_srgb(mixed.clamp(0, 1)).clamp(0, 1))


def region_kernels(parameters: VaryingBlurParameters) -> Tensor:
    """Point-spread functions (B, R, K, K) of sum 1, one per region."""
    paths = _region_paths(parameters)
    radius = max(3, int(paths.abs().max().item()) + 2) if paths.numel() else 3
    x, y = paths.flatten(0, 1).unbind(dim=1)
    kernels = draw_points(x, y, torch.ones_like(x), radius)
    return kernels.view(-1, _N_REGIONS, *kernels.shape[1:])


def _region_paths(parameters: VaryingBlurParameters) -> Tensor:
    """Paths (B, R, 2, P): the common one, moved towards one of its own and shortened by the variety."""
    n = parameters.batch_size
    shares = image_uniform(parameters.seed, _N_REGIONS, stream=71)
    shares[:, 0] = 1.0
    lengths = parameters.length_px[:, None] * (1 - parameters.variety[:, None] * (1 - shares))
    seeds = parameters.seed[:, None] + torch.arange(_N_REGIONS + 1, device=shares.device)  # the first is common
    unit = trajectory(
        MotionBlurParameters(
            seed=seeds.flatten(),
            length_px=torch.ones(seeds.numel(), device=shares.device),
            shake=parameters.shake.repeat_interleave(_N_REGIONS + 1),
            headroom_stops=torch.zeros(seeds.numel(), device=shares.device),
        )
    ).view(n, _N_REGIONS + 1, 2, -1)
    mixed = torch.lerp(unit[:, :1], unit[:, 1:], parameters.variety[:, None, None, None])
    return lengths[:, :, None, None] * mixed


def region_masks(parameters: VaryingBlurParameters, height: int, width: int) -> Tensor:
    """Weights of the regions, (B, R, height, width), in [0, 1], adding up to 1 at every pixel."""
    fields = [smooth_field(parameters.seed, height, width, cells=3, stream=72 + region) for region in range(_N_REGIONS)]
    return torch.softmax(parameters.sharpness[:, None, None, None] * torch.cat(fields, dim=1), dim=1)
