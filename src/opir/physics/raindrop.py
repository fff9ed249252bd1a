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

_SIZE_RANGE = 3.5
"""The largest radius of a picture over the middle one, and that over the smallest."""

_LOBES = ((2, 0.16), (3, 0.09), (5, 0.05))
"""Outline of a large drop: number of bulges, largest height in radii."""

_RIM_LOSS = 0.4
_SOFTEST = 1.2
_SMALLEST_PX = 0.7
_N_DRAWS = 8


@dataclass(frozen=True, kw_only=True)
class RaindropParameters(Parameters):
    """Drops and optics of a batch."""

    seed: Tensor
    """(B,), int64: where the drops are, their shapes."""
    coverage: Tensor
    """(B,), share of the picture that the drops would cover side by side; 0 is a dry glass."""
    radius_px: Tensor
    """(B,), root mean square radius in pixels, for pictures of up to 640 pixels; it grows with larger ones."""
    softness: Tensor
    """(B,), diameter of the blur circle of the glass, in ``radius_px``: 0.1 is a glass nearly in focus, 1 a lens
    that is wet itself."""
    opacity: Tensor
    """(B,), in [0, 1], how much of the light at a drop's centre comes through the drop."""
    light: Tensor
    """(B,), factor of the light that comes through drops, since they also collect it from beside the picture."""


class DropMap(NamedTuple):
    """What the drops do to every pixel, (B, height, width) each."""

    opacity: Tensor
    """Share of the light that comes through a drop, in [0, 1]."""
    across: Tensor
    """Place in the drop to the right of its centre, in radii."""
    down: Tensor
    """Place in the drop below its centre, in radii."""
    seen_x: Tensor
    """Column of the scene that is seen there, -1 at the left and 1 at the right end of the picture."""
    seen_y: Tensor
    """Row of the scene that is seen there, -1 at the top and 1 at the bottom."""


class _Drops(NamedTuple):
    """All drops of a batch, (N,) each."""

    image: Tensor
    x_px: Tensor
    y_px: Tensor
    radius_px: Tensor
    edge: Tensor
    opacity: Tensor
    bulge: Tensor
    phase: Tensor
    shape: Tensor
    flatness: Tensor


class Raindrop(Degradation[RaindropParameters]):
    """Drops that refract the scene, in linear light: ``I = (1 - a) J + a D``.

    a is the share of the lens opening that a drop covers, soft because the drop is out of focus, and D the
    light through it (Qian et al., "Attentive generative adversarial network for raindrop removal", CVPR 2018,
    equation 1, ``I = (1 - M) B + R``). A round drop acts as a strong lens: it shows nearly the whole scene, upside
    down and small (Roser & Geiger, "Video-based raindrop detection for improved image registration", ICCV
    workshops 2009); a flat one shows, upside down too, what is around it. The scene is the picture itself reduced
    to 10 by 10 pixels. Towards the rim more is reflected away: D loses ``0.4 rho ** 4``, rho the distance from the
    centre in radii.

    Radii follow ``n(r) ~ r ** -2`` over a factor of twelve: few large drops, many small ones. All drops lie in
    one plane, so their edges are equally wide in pixels; a drop smaller than the blur circle is spread over it
    and covers less. Large drops are less round than small ones. Sizes and shapes are chosen by eye.
    """

    task: ClassVar[Task] = "rain"

    def sample(self, n: int, generator: torch.Generator) -> RaindropParameters:
        """Draw from a few large blurred drops to a window full of small ones."""
        return RaindropParameters(
            seed=draw_seeds(n, generator),
            coverage=log_uniform(n, 0.1, 0.7, generator),
            radius_px=log_uniform(n, 3, 20, generator),
            softness=log_uniform(n, 0.15, 1.0, generator),
            opacity=uniform(n, 0.6, 1.0, generator),
            light=log_uniform(n, 0.9, 1.8, generator),
        )

    def from_severity(self, severity: Tensor, generator: torch.Generator) -> RaindropParameters:
        """``coverage = 0.4 * severity ** 1.5``, opacity ``0.6 + 0.35 * severity``; sizes and focus are drawn."""
        n = len(severity)
        return RaindropParameters(
            seed=draw_seeds(n, generator),
            coverage=0.4 * severity**1.5,
            radius_px=log_uniform(n, 4, 10, generator),
            softness=log_uniform(n, 0.3, 1.0, generator),
            opacity=0.6 + 0.35 * severity,
            light=log_uniform(n, 1.0, 1.6, generator),
        )

    def apply(self, image: Tensor, parameters: RaindropParameters) -> Tensor:
        """Wet the glass before ``image`` (B, 3, H, W), sRGB in [0, 1]; see :class:`Degradation`."""
        check_batch(image, parameters)
        drops = draw_drops(parameters, image.shape[-2], image.shape[-1])
        radiance = srgb_to_linear(image)
        small = F.adaptive_avg_pool2d(radiance, (_REFRACTED_SIDE, _REFRACTED_SIDE))
        place = torch.stack((drops.seen_x, drops.seen_y), dim=-1).to(image.dtype)
        seen = F.grid_sample(small, place, mode="bilinear", padding_mode="border", align_corners=False)
        rim = 1 - _RIM_LOSS * (drops.across**2 + drops.down**2).clamp(max=1) ** 2
        through = seen * per_image(parameters.light, image) * rim[:, None].to(image.dtype)
        share = drops.opacity[:, None].to(image.dtype)
        wet = linear_to_srgb(torch.lerp(radiance, through.clamp(max=1), share)).clamp(0, 1)
        return keep_where(parameters.coverage == 0, image, wet)


@torch.no_grad()
def draw_drops(parameters: RaindropParameters, height: int, width: int) -> DropMap:
    """What every pixel sees of the drops; where they overlap, the one in which the pixel lies deeper."""
    n = parameters.batch_size
    drops = _scatter(parameters, height, width)
    drop, across, down, pixel = _pixels_of_drops(drops, height, width)
    rho = (across**2 + down**2).sqrt()
    inside = _outline(drops, drop, torch.atan2(down, across)) - rho
    depth = (inside / drops.edge[drop] + 0.5).clamp(0, 1)
    opacity = drops.opacity[drop] * depth * depth * (3 - 2 * depth)

    # nearer to the middle of its drop wins, also where both are equally opaque
    rank = inside.clamp(min=-2)
    best = torch.full((n * height * width,), -3.0, device=rank.device).scatter_reduce(0, pixel, rank, "amax")
    wins = rank == best[pixel]
    drop, across, down, pixel = drop[wins], across[wins], down[wins], pixel[wins]
    flat = drops.flatness[drop]
    seen_x = flat * (2 * drops.x_px[drop] / width - 1) - (1 - 0.8 * flat) * across
    seen_y = flat * (2 * drops.y_px[drop] / height - 1) - (1 - 0.8 * flat) * down
    maps = torch.zeros(5, n * height * width, device=rank.device)
    maps[:, pixel] = torch.stack((opacity[wins], across, down, seen_x, seen_y))
    return DropMap(*maps.view(5, n, height, width))


def _scatter(parameters: RaindropParameters, height: int, width: int) -> _Drops:
    """Drops of all images, on the pictures and a margin around them."""
    middle = parameters.radius_px * picture_scale(height, width)
    margin = 1.5 * _SIZE_RANGE * middle
    area = (width + 2 * margin) * (height + 2 * margin)
    counts = (parameters.coverage * area / (math.pi * middle**2)).round().long()
    draws = [
        image_uniform(parameters.seed[row : row + 1], count, _N_DRAWS, stream=81)[0]
        for row, count in enumerate(counts.tolist())
    ]
    image = torch.arange(len(counts), device=counts.device).repeat_interleave(counts)
    place_x, place_y, size, phase, shape, flatness, water, bulge = torch.cat(draws).unbind(dim=1)
    # 1 / r uniform between its extremes: density r ** -2, of mean square middle ** 2
    sharp = middle[image] / (1 / _SIZE_RANGE + size * (_SIZE_RANGE - 1 / _SIZE_RANGE))
    blur = parameters.softness[image] * middle[image]
    radius = (sharp**2 + (0.4 * blur) ** 2).sqrt().clamp(min=_SMALLEST_PX)
    return _Drops(
        image=image,
        x_px=place_x * (width + 2 * margin[image]) - margin[image],
        y_px=place_y * (height + 2 * margin[image]) - margin[image],
        radius_px=radius,
        edge=(blur / radius).clamp(max=_SOFTEST),
        opacity=parameters.opacity[image] * (sharp / radius).clamp(max=1) ** 2 * (0.6 + 0.4 * water),
        bulge=bulge * (sharp / middle[image]).clamp(0.3, 1.5),
        phase=phase,
        shape=shape,
        flatness=flatness,
    )


def _outline(drops: _Drops, drop: Tensor, angle: Tensor) -> Tensor:
    """Distance of the edge from the centre in radii, for pixels (P,) at an angle inside drops of given numbers."""
    edge = torch.ones_like(angle)
    for number, (bulges, height) in enumerate(_LOBES):
        turn = 6.3 * (1 + 3 * number) * drops.phase + 6.3 * number * drops.shape
        share = (drops.shape + 0.37 * number) % 1.0
        edge += (height * share * drops.bulge)[drop] * torch.cos(bulges * angle + turn[drop])
    return edge


def _pixels_of_drops(drops: _Drops, height: int, width: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """All pixels near drops: the drop's number, the place in radii from its centre, the pixel's index."""
    tallest = 1 + sum(bulge for _, bulge in _LOBES) * drops.bulge
    reach = ((tallest + 0.5 * drops.edge) * drops.radius_px).ceil().long()
    left, top = drops.x_px.round().long() - reach, drops.y_px.round().long() - reach
    n_columns = (left + 2 * reach + 1).clamp(max=width) - left.clamp(min=0)
    n_rows = (top + 2 * reach + 1).clamp(max=height) - top.clamp(min=0)
    n_columns, n_rows = n_columns.clamp(min=0), n_rows.clamp(min=0)
    n_pixels = n_columns * n_rows
    drop = torch.arange(len(reach), device=reach.device).repeat_interleave(n_pixels)
    number = torch.arange(len(drop), device=drop.device) - (n_pixels.cumsum(0) - n_pixels)[drop]
    column = left.clamp(min=0)[drop] + number % n_columns[drop]
    row = top.clamp(min=0)[drop] + number // n_columns[drop]
    across = (column - drops.x_px[drop]) / drops.radius_px[drop]
    down = (row - drops.y_px[drop]) / drops.radius_px[drop]
    return drop, across, down, (drops.image[drop] * height + row) * width + column
