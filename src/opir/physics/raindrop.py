"""Raindrops on the lens or on a window: each a small wide-angle lens in front of the picture."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from opir.physics.colour import linear_to_srgb, srgb_to_linear
from opir.physics.degradation import Degradation, Parameters, check_batch, draw_seeds, log_uniform, uniform
from opir.physics.per_image import keep_where, per_image
from opir.physics.random_fields import image_uniform
from opir.physics.view_volume import picture_scale
from opir.tasks import Task

_REFRACTED_SIDE = 10
"""Pixels of the blurred picture that is seen through a drop."""

_REACH = 1.5
"""Half the side of the square that is drawn for a drop, in radii."""

_RIM_LOSS = 0.4
_SIZE_SPREAD = 1.1
_SMALLEST_PX = 0.7


@dataclass(frozen=True, kw_only=True)
class RaindropParameters(Parameters):
    """Drops and optics of a batch."""

    seed: Tensor
    """(B,), int64: where the drops are, their shapes."""
    coverage: Tensor
    """(B,), share of the picture that the drops would cover side by side; 0 is a dry glass."""
    radius_px: Tensor
    """(B,), middle radius in pixels, for pictures of up to 640 pixels; it grows with larger ones."""
    softness: Tensor
    """(B,), width of the edges, in radii: 0.1 is a glass nearly in focus, 1 a drop on the lens itself."""
    opacity: Tensor
    """(B,), in [0, 1], how much of the light at a drop's centre comes through the drop."""
    light: Tensor
    """(B,), factor of the light that comes through drops, since they also collect it from beside the picture."""


class _DropMap(NamedTuple):
    """What the drops do to every pixel, (B, height, width) each."""

    opacity: Tensor
    across: Tensor
    down: Tensor


class Raindrop(Degradation[RaindropParameters]):
    """Drops that refract the scene, in linear light: ``I = (1 - a) J + a D``.

    a is the share of the lens opening that a drop covers, soft because the drop is out of focus, and D the
    light through it (Qian et al., "Attentive generative adversarial network for raindrop removal", CVPR 2018,
    equation 1, ``I = (1 - M) B + R``). A drop acts as a strong lens: it shows nearly the whole scene, upside down
    and small (Roser & Geiger, "Video-based raindrop detection for improved image registration", ICCV workshops
    2009), here the picture itself reduced to 10 by 10 pixels. Towards the rim more is reflected away: D loses
    ``0.4 rho ** 4``, rho the distance from the centre in radii.
    """

    task: ClassVar[Task] = "rain"

    def sample(self, n: int, generator: torch.Generator) -> RaindropParameters:
        """Draw from a few large blurred drops to a window full of small ones."""
        return RaindropParameters(
            seed=draw_seeds(n, generator),
            coverage=log_uniform(n, 0.04, 0.6, generator),
            radius_px=log_uniform(n, 3, 28, generator),
            softness=log_uniform(n, 0.15, 1.0, generator),
            opacity=uniform(n, 0.4, 1.0, generator),
            light=log_uniform(n, 0.9, 1.8, generator),
        )

    def from_severity(self, severity: Tensor, generator: torch.Generator) -> RaindropParameters:
        """``coverage = 0.5 * severity``, more opaque with severity; sizes and focus are drawn."""
        n = len(severity)
        return RaindropParameters(
            seed=draw_seeds(n, generator),
            coverage=0.5 * severity,
            radius_px=log_uniform(n, 4, 16, generator),
            softness=log_uniform(n, 0.3, 1.0, generator),
            opacity=0.5 + 0.45 * severity,
            light=log_uniform(n, 1.0, 1.6, generator),
        )

    def apply(self, image: Tensor, parameters: RaindropParameters) -> Tensor:
        """Wet the glass before ``image`` (B, 3, H, W), sRGB in [0, 1]; see :class:`Degradation`."""
        check_batch(image, parameters)
        drops = draw_drops(parameters, image.shape[-2], image.shape[-1])
        radiance = srgb_to_linear(image)
        small = F.adaptive_avg_pool2d(radiance, (_REFRACTED_SIDE, _REFRACTED_SIDE))
        upside_down = -torch.stack((drops.across, drops.down), dim=-1).to(image.dtype)
        seen = F.grid_sample(small, upside_down, mode="bilinear", padding_mode="border", align_corners=False)
        rim = 1 - _RIM_LOSS * (drops.across**2 + drops.down**2).clamp(max=1) ** 2
        through = seen * per_image(parameters.light, image) * rim[:, None].to(image.dtype)
        share = drops.opacity[:, None].to(image.dtype)
        wet = linear_to_srgb(torch.lerp(radiance, through.clamp(max=1), share)).clamp(0, 1)
        return keep_where(parameters.coverage == 0, image, wet)


@torch.no_grad()
def draw_drops(parameters: RaindropParameters, height: int, width: int) -> _DropMap:
    """Opacity of the drops and the place inside the drop, in radii from its centre, of every pixel.

    Where drops overlap, the one is seen in which the pixel lies deeper.
    """
    n = parameters.batch_size
    places = [_scatter(parameters[row], height, width) for row in range(n)]
    image = torch.repeat_interleave(
        torch.arange(n, device=parameters.seed.device),
        torch.tensor([place.shape[1] for place in places], device=parameters.seed.device),
    )
    x, y, radius, phase, shape = torch.cat(places, dim=1) if places else torch.zeros(5, 0)
    drop, across, down, pixel = _pixels_of_drops(image, x, y, radius, height, width)
    rho = (across**2 + down**2).sqrt()
    angle = torch.atan2(down, across)
    outline = 1 + 0.12 * shape[drop] * torch.cos(2 * angle + 6.3 * phase[drop])
    outline = outline + 0.08 * (1 - shape[drop]) * torch.cos(3 * angle + 25.0 * phase[drop])
    depth = ((outline - rho) / parameters.softness[image[drop]] + 0.5).clamp(0, 1)
    opacity = parameters.opacity[image[drop]] * depth * depth * (3 - 2 * depth)

    # nearer to the middle of its drop wins, also where both are equally opaque
    rank = (outline - rho).clamp(min=-_REACH)
    best = torch.full((n * height * width,), -_REACH - 1, device=rank.device).scatter_reduce(0, pixel, rank, "amax")
    seen = rank == best[pixel]
    maps = torch.zeros(3, n * height * width, device=rank.device)
    maps[:, pixel[seen]] = torch.stack((opacity[seen], across[seen], down[seen]))
    return _DropMap(*maps.view(3, n, height, width))


def _scatter(one: RaindropParameters, height: int, width: int) -> Tensor:
    """Columns, rows, radii, phases and shapes of the drops of one image, (5, N)."""
    middle = one.radius_px * picture_scale(height, width)
    margin = 2 * middle.item()
    mean_square = (math.exp(2 * _SIZE_SPREAD / 2) - math.exp(-2 * _SIZE_SPREAD / 2)) / (2 * _SIZE_SPREAD)
    area = (width + 2 * margin) * (height + 2 * margin)
    count = int((one.coverage * area / (math.pi * middle**2 * mean_square)).round().item())
    draws = image_uniform(one.seed, count, 5, stream=81)[0]
    return torch.stack(
        (
            draws[:, 0] * (width + 2 * margin) - margin,
            draws[:, 1] * (height + 2 * margin) - margin,
            (middle * torch.exp(_SIZE_SPREAD * (draws[:, 2] - 0.5))).clamp(min=_SMALLEST_PX),
            draws[:, 3],
            draws[:, 4],
        )
    )


def _pixels_of_drops(
    image: Tensor, x: Tensor, y: Tensor, radius: Tensor, height: int, width: int
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """All pixels near drops: the drop's number, the place in radii from its centre, the pixel's index."""
    reach = (_REACH * radius).ceil().long()
    side = 2 * reach + 1
    total = (side * side).cumsum(0)
    drop = torch.arange(len(x), device=x.device).repeat_interleave(side * side)
    number = torch.arange(len(drop), device=x.device) - (total - side * side)[drop]
    column = x.round().long()[drop] + number % side[drop] - reach[drop]
    row = y.round().long()[drop] + number // side[drop] - reach[drop]
    inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
    drop, column, row = drop[inside], column[inside], row[inside]
    across, down = (column - x[drop]) / radius[drop], (row - y[drop]) / radius[drop]
    return drop, across, down, (image[drop] * height + row) * width + column
