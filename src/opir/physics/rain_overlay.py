"""Rain as the published synthetic sets draw it: bright streaks laid over the code values."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from opir.physics.degradation import Degradation, Parameters, check_batch, draw_seeds, log_uniform, uniform
from opir.physics.per_image import per_image
from opir.physics.random_fields import image_uniform
from opir.physics.streaks import Streaks, concatenate_streaks, render_streaks
from opir.physics.view_volume import picture_scale
from opir.tasks import Task

_N_LAYERS = 3


@dataclass(frozen=True, kw_only=True)
class RainOverlayParameters(Parameters):
    """Layers of streaks; (B, L) fields hold one number per layer."""

    seed: Tensor
    """(B,), int64: where the streaks are."""
    coverage: Tensor
    """(B, L), share of the picture that the streaks of a layer would fill side by side; 0 is no layer."""
    length_px: Tensor
    """(B, L), mean length in pictures of up to 640 pixels; it grows with larger ones, as the width does."""
    width_px: Tensor
    """(B, L), mean width."""
    angle_rad: Tensor
    """(B, L), direction of fall, 0 is straight down, positive leans to the right."""
    angle_spread_rad: Tensor
    """(B,), how much the streaks of a layer differ in direction (half the range)."""
    brightness: Tensor
    """(B, L), what a streak adds at its centre, in sRGB values of [0, 1]."""
    screen: Tensor
    """(B,), bool: blended by "screen", which spares bright places, instead of by addition."""


class RainOverlay(Degradation[RainOverlayParameters]):
    """Streaks added to code values: ``I = clip(J + R)``, or "screen" blending ``I = 1 - (1 - J)(1 - R)``.

    The first is equation 1 of Yang et al., "Deep joint rain detection and removal" (CVPR 2017), the law of
    Rain100L and Rain100H; Rain800 and Rain14000 were made with screen blending in an image editor. Both act
    on sRGB code values and know nothing of drops; :class:`opir.physics.rain.Rain` is the physics. The ranges
    are those of difference images of such sets: streaks of 8 to 110 pixels by 0.8 to 5, covering 2 to 60 % of
    a picture in one to three directions, 0.1 to 0.75 bright.
    """

    task: ClassVar[Task] = "rain"

    def sample(self, n: int, generator: torch.Generator) -> RainOverlayParameters:
        """Draw from sparse long streaks of one direction to dense crossing ones."""
        layers = (n, _N_LAYERS)
        present = _uniform(layers, 0, 1, generator) < torch.tensor([1.0, 0.45, 0.25], device=generator.device)
        length = _log_uniform(layers, 8, 110, generator)
        width = _log_uniform(layers, 0.8, 4.0, generator).clamp(max=5).minimum(length / 4)
        common = 0.6 * _uniform((n, 1), -1, 1, generator) * _uniform((n, 1), 0, 1, generator)
        crossing = uniform(n, 0, 1, generator)[:, None] < 0.4
        own = _uniform(layers, -0.45, 0.45, generator)
        return RainOverlayParameters(
            seed=draw_seeds(n, generator),
            coverage=torch.where(present, _log_uniform(layers, 0.02, 0.45, generator), 0.0),
            length_px=length,
            width_px=width,
            angle_rad=common + torch.where(crossing, own, 0.1 * own),
            angle_spread_rad=log_uniform(n, 0.005, 0.15, generator),
            brightness=_uniform(layers, 0.1, 0.75, generator),
            screen=uniform(n, 0, 1, generator) < 0.5,
        )

    def from_severity(self, severity: Tensor, generator: torch.Generator) -> RainOverlayParameters:
        """Two layers of equal direction; coverage and brightness grow with the severity."""
        n = len(severity)
        drawn = self.sample(n, generator)
        ones = torch.tensor([1.0, 1.0, 0.0], device=severity.device).expand(n, -1)
        return RainOverlayParameters(
            seed=drawn.seed,
            coverage=0.4 * severity[:, None] ** 1.5 * ones,
            length_px=torch.tensor([45.0, 22.0, 10.0], device=severity.device).expand(n, -1),
            width_px=torch.tensor([2.2, 1.2, 1.0], device=severity.device).expand(n, -1),
            angle_rad=drawn.angle_rad[:, :1].expand(-1, _N_LAYERS),
            angle_spread_rad=drawn.angle_spread_rad,
            brightness=(0.25 + 0.35 * severity[:, None]).expand(-1, _N_LAYERS),
            screen=drawn.screen,
        )

    def apply(self, image: Tensor, parameters: RainOverlayParameters) -> Tensor:
        """Lay the streaks over ``image`` (B, 3, H, W), sRGB in [0, 1]; see :class:`Degradation`."""
        check_batch(image, parameters)
        height, width = image.shape[-2:]
        streaks = scatter_overlay(parameters, height, width)
        added = render_streaks(streaks, len(image), height, width).clamp(max=1).to(image.dtype)
        kept = torch.where(per_image(parameters.screen, image).bool(), 1 - image, 1.0)
        return (image + added * kept).clamp(0, 1)


def scatter_overlay(parameters: RainOverlayParameters, height: int, width: int) -> Streaks:
    """Streaks of all images and layers, at random places of the pictures and a margin around them."""
    scale = picture_scale(height, width)
    lengths, widths = scale * parameters.length_px, scale * parameters.width_px
    area = lengths * widths
    margin = 0.75 * lengths
    reach_x = width + 2 * margin * parameters.angle_rad.sin().abs() + 4
    reach_y = height + 2 * margin
    counts = (parameters.coverage * reach_x * reach_y / area).round().long().tolist()
    parts = []
    for row, numbers in enumerate(counts):
        for layer, count in enumerate(numbers):
            draws = image_uniform(parameters.seed[row : row + 1], count, 6, stream=31 + layer)[0].unbind(dim=1)
            one = parameters[row]
            size = 0.6 + 0.8 * draws[2]
            parts.append(
                Streaks(
                    image=torch.full((count,), row, device=parameters.seed.device),
                    x_px=(draws[0] - 0.5) * reach_x[row, layer] + 0.5 * width,
                    y_px=(draws[1] - 0.5) * reach_y[row, layer] + 0.5 * height,
                    length_px=lengths[row, layer] * size,
                    width_px=widths[row, layer] * (0.6 + 0.8 * draws[3]),
                    angle_rad=one.angle_rad[0, layer] + one.angle_spread_rad * (2 * draws[4] - 1),
                    opacity=one.brightness[0, layer] * (0.3 + 0.7 * draws[5]),
                )
            )
    return concatenate_streaks(parts)


def _uniform(shape: tuple[int, int], low: float, high: float, generator: torch.Generator) -> Tensor:
    return uniform(math.prod(shape), low, high, generator).view(shape)


def _log_uniform(shape: tuple[int, int], low: float, high: float, generator: torch.Generator) -> Tensor:
    return log_uniform(math.prod(shape), low, high, generator).view(shape)
