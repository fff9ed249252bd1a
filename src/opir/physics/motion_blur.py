"""Motion blur: the camera shakes, or the object moves, while the shutter is open."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor

from opir.physics.degradation import Degradation, Parameters, check_batch, draw_seeds, log_uniform, uniform
from opir.physics.psf import blur_in_linear_light, draw_points
from opir.physics.random_fields import image_normal, image_uniform
from opir.tasks import Task

LONGEST_PX = 40.0
"""Length of the path at severity 1."""

_N_STEPS = 40
_POINTS_PER_STEP = 5
_SMOOTHNESS = 0.75
_SMALLEST_RADIUS_PX = 3


@dataclass(frozen=True, kw_only=True)
class MotionBlurParameters(Parameters):
    """Paths of a batch."""

    seed: Tensor
    """(B,), int64: the shape of the path."""
    length_px: Tensor
    """(B,), length of the path in pixels; 0 is no motion."""
    shake: Tensor
    """(B,), in [0, 1]: 0 is uniform motion along a straight line, 1 a trembling hand."""
    headroom_stops: Tensor
    """(B,), how much brighter than white clipped highlights really are, in stops."""


class MotionBlur(Degradation[MotionBlurParameters]):
    """Convolution with the path of the image over the sensor, in linear light: ``I = clip(k * R)``.

    See :func:`trajectory` for the path and :func:`opir.physics.psf.blur_in_linear_light` for R. Straight paths are
    moving objects and panning, crooked ones are camera shake.
    """

    task: ClassVar[Task] = "blur"

    def sample(self, n: int, generator: torch.Generator) -> MotionBlurParameters:
        """Draw paths of 3 to 40 pixels, a third of them nearly straight."""
        shake = uniform(n, 0, 1, generator)
        straight = uniform(n, 0, 1, generator) < 1 / 3
        return MotionBlurParameters(
            seed=draw_seeds(n, generator),
            length_px=log_uniform(n, 3, LONGEST_PX, generator),
            shake=torch.where(straight, 0.1 * shake, shake),
            headroom_stops=uniform(n, 0, 2, generator),
        )

    def from_severity(self, severity: Tensor, generator: torch.Generator) -> MotionBlurParameters:
        """``length_px = 40 * severity``; the shape of the path is drawn, smooth curves more often than crooked ones."""
        n = len(severity)
        return MotionBlurParameters(
            seed=draw_seeds(n, generator),
            length_px=LONGEST_PX * severity,
            shake=uniform(n, 0, 1, generator) ** 2,
            headroom_stops=torch.ones_like(severity),
        )

    def apply(self, image: Tensor, parameters: MotionBlurParameters) -> Tensor:
        """Blur ``image`` (B, 3, H, W), sRGB in [0, 1]; see :class:`Degradation`."""
        check_batch(image, parameters)
        return blur_in_linear_light(image, motion_kernels(parameters), parameters.headroom_stops)


def motion_kernels(parameters: MotionBlurParameters, *, radius_px: int | None = None) -> Tensor:
    """Point-spread functions (B, K, K) of sum 1: the time spent at each place of the path.

    Args:
        parameters: paths of B images.
        radius_px: half the side of the kernels; by default what the longest path of the batch may need.
    """
    path = trajectory(parameters)
    if radius_px is None:
        radius_px = max(_SMALLEST_RADIUS_PX, math.ceil(path.abs().max().item()) + 1) if path.numel() else 1
    return draw_points(path[:, 0], path[:, 1], torch.ones_like(path[:, 0]), radius_px)


def trajectory(parameters: MotionBlurParameters) -> Tensor:
    """Path of the image over the sensor, equidistant in time, around its mean position.

    A particle with inertia: ``v <- (v + s (0.25 g - 0.004 x) + p) / (1 + 0.15 s |v|)``, with Gaussian impulses g that
    are smooth in time (a muscle does not push at random from one moment to the next), rare strong jerks p that turn
    the motion around, and a pull back to the start. The ingredients are those of Boracchi & Foi, "Modeling the
    performance of image restoration from motion blur" (TIP 2012), the constants our own, chosen to resemble kernels
    estimated from real photographs. Without shake s it keeps its first velocity.

    Returns:
        (B, 2, P), float32, x and y in pixels; the length of the polygon is ``length_px``.
    """
    shake = parameters.shake[:, None]
    angle = 2 * math.pi * image_uniform(parameters.seed, 1, stream=61)
    velocity = torch.cat((angle.cos(), angle.sin()), dim=1)
    impulses = image_normal(parameters.seed, _N_STEPS, 2, stream=62)
    jerks = image_uniform(parameters.seed, _N_STEPS, 1, stream=63) < 0.03 * shake[:, None] ** 2
    push = torch.zeros_like(velocity)
    position = torch.zeros_like(velocity)
    places = [position]
    for step in range(_N_STEPS):
        jerk = torch.where(jerks[:, step], -2 * velocity + impulses[:, step], 0.0)
        push = _SMOOTHNESS * push + (1 - _SMOOTHNESS) * impulses[:, step]
        velocity = velocity + shake * (0.25 * push - 0.004 * position) + jerk
        velocity = velocity / (1 + 0.15 * shake * velocity.norm(dim=1, keepdim=True))
        position = position + velocity
        places.append(position)
    path = torch.stack(places, dim=2)
    length = path.diff(dim=2).norm(dim=1).sum(dim=1)
    path = path * (parameters.length_px / length.clamp(min=1e-6))[:, None, None]
    path = F.interpolate(path, size=_POINTS_PER_STEP * _N_STEPS + 1, mode="linear", align_corners=True)
    return path - path.mean(dim=2, keepdim=True)
