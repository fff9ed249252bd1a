"""Defocus: every point becomes an image of the aperture."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from opir.physics.degradation import Degradation, Parameters, check_batch, log_uniform, uniform
from opir.physics.psf import blur_in_linear_light
from opir.tasks import Task

LARGEST_RADIUS_PX = 12.0
"""Radius of the blur circle at severity 1."""


@dataclass(frozen=True, kw_only=True)
class DefocusBlurParameters(Parameters):
    """Apertures of a batch."""

    radius_px: Tensor
    """(B,), radius of the blur circle in pixels, 0 is in focus."""
    n_blades: Tensor
    """(B,), number of aperture blades, 3 or more."""
    roundness: Tensor
    """(B,), in [0, 1]: 0 is a polygon, 1 a full circle."""
    rotation_rad: Tensor
    """(B,), orientation of the blades."""
    headroom_stops: Tensor
    """(B,), how much brighter than white clipped highlights really are, in stops."""


class DefocusBlur(Degradation[DefocusBlurParameters]):
    """Convolution with a uniformly bright aperture in linear light: ``I = clip(k * R)``.

    Geometrical optics: a point at distance z draws the blur circle ``c = f a |1 / z - 1 / z_focus|`` (Hecht,
    Optics), in the shape of the aperture. Diffraction and vignetting are left out. See
    :func:`opir.physics.psf.blur_in_linear_light` for R.
    """

    task: ClassVar[Task] = "blur"

    def sample(self, n: int, generator: torch.Generator) -> DefocusBlurParameters:
        """Draw radii of 0.8 to 12 pixels and apertures of five to nine blades."""
        return self._draw(log_uniform(n, 0.8, LARGEST_RADIUS_PX, generator), generator)

    def from_severity(self, severity: Tensor, generator: torch.Generator) -> DefocusBlurParameters:
        """``radius_px = 12 * severity``; the aperture is drawn."""
        return self._draw(LARGEST_RADIUS_PX * severity, generator)

    def apply(self, image: Tensor, parameters: DefocusBlurParameters) -> Tensor:
        """Blur ``image`` (B, 3, H, W), sRGB in [0, 1]; see :class:`Degradation`."""
        check_batch(image, parameters)
        return blur_in_linear_light(image, aperture_kernels(parameters), parameters.headroom_stops)

    def _draw(self, radius: Tensor, generator: torch.Generator) -> DefocusBlurParameters:
        n = len(radius)
        return DefocusBlurParameters(
            radius_px=radius,
            n_blades=torch.randint(5, 10, (n,), generator=generator, device=generator.device),
            roundness=uniform(n, 0, 1, generator),
            rotation_rad=uniform(n, 0, 2 * math.pi, generator),
            headroom_stops=uniform(n, 0, 2, generator),
        )


def aperture_kernels(parameters: DefocusBlurParameters, *, radius_px: int | None = None) -> Tensor:
    """Point-spread functions (B, K, K) of sum 1: filled polygons with rounded sides and soft edges.

    The edge of a regular polygon with circumradius r and n corners lies at
    ``r cos(pi / n) / cos((phi mod 2 pi / n) - pi / n)``; coverage falls linearly over one pixel around it.

    Args:
        parameters: apertures of B images.
        radius_px: half the side of the kernels; by default what the largest circle of the batch needs.
    """
    if radius_px is None:
        radius_px = math.ceil(parameters.radius_px.max().item()) + 1 if parameters.batch_size else 1
    axis = torch.arange(-radius_px, radius_px + 1, device=parameters.radius_px.device, dtype=torch.float32)
    distance = (axis[:, None] ** 2 + axis[None, :] ** 2).sqrt()
    angle = torch.atan2(axis[:, None], axis[None, :])
    radius, blades, roundness, rotation = (
        field[:, None, None]
        for field in (parameters.radius_px, parameters.n_blades, parameters.roundness, parameters.rotation_rad)
    )
    sector = 2 * math.pi / blades
    polygon = torch.cos(sector / 2) / torch.cos((angle + rotation) % sector - sector / 2)
    edge = radius * torch.lerp(polygon, torch.ones_like(polygon), roundness)
    coverage = (edge - distance + 0.5).clamp(0, 1)
    return coverage / coverage.sum(dim=(1, 2), keepdim=True)
