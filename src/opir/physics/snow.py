"""Snow: flakes between camera and scene, near ones large and out of focus, far ones a veil."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import torch
from torch import Tensor

from opir.physics.colour import linear_to_srgb, srgb_to_linear
from opir.physics.degradation import Degradation, Parameters, check_batch, log_uniform, uniform
from opir.physics.depth import SceneParameters, generate_depth, sample_scenes, whole_scenes
from opir.physics.flakes import (
    flake_diameter_mm,
    flake_speed,
    flakes_per_m3,
    melted_slope_per_mm,
    snow_extinction_per_m,
)
from opir.physics.haze import transmission
from opir.physics.per_image import keep_where, per_image
from opir.physics.random_fields import image_uniform
from opir.physics.streaks import Streaks, concatenate_streaks, render_streaks
from opir.physics.view_volume import distance_in_volume, focal_length_px, picture_scale, volume_per_pixel
from opir.tasks import Task

SMALLEST_MELTED_MM = 0.4
"""Flakes of less water (0.6 mm across) are not drawn one by one."""

NEAREST_M = 0.7
"""No flake is nearer to the lens."""

_THINNEST_PX = 0.4
_MOST_PER_PIXEL = 0.06
_LARGEST_MM = 12.0
_LUMPS = 4
_LUMPY_PX = 2.5
_VEIL_LIGHT = 1.2


@dataclass(frozen=True, kw_only=True)
class SnowParameters(Parameters):
    """Weather, camera and light of a batch."""

    seed: Tensor
    """(B,), int64: where the flakes are; also the layout of the scene."""
    snow_rate_mm_per_h: Tensor
    """(B,), mm of water per hour: 0.5 is light, 2.5 heavy snow; 0 is none."""
    crowding: Tensor
    """(B,), how many snowfalls of ``snow_rate_mm_per_h / crowding`` fall at once: above 1 there are more and smaller
    flakes than on average at that rate."""
    exposure_s: Tensor
    """(B,), seconds."""
    focal_px: Tensor
    """(B,), focal length in pixels, see :func:`opir.physics.view_volume.focal_length_px`."""
    aperture_mm: Tensor
    """(B,), diameter of the lens opening, millimetres."""
    focus_m: Tensor
    """(B,), distance of the focus, metres."""
    wind_m_per_s: Tensor
    """(B,), speed across the picture, positive to the right."""
    flake_light: Tensor
    """(B, 3), colour of a flake that covers a pixel wholly, as sRGB in [0, 1]."""
    extent_m: Tensor
    """(B,), metres: distance of the farthest surface."""
    window: Tensor
    """(B, 4), part of the scene that is seen, see :class:`opir.physics.depth.SceneParameters`."""

    @property
    def scene(self) -> SceneParameters:
        """The outdoor scene behind the snow."""
        return SceneParameters(
            seed=self.seed,
            indoor=torch.zeros_like(self.seed, dtype=torch.bool),
            extent_m=self.extent_m,
            window=self.window,
            edge_strength=torch.ones_like(self.extent_m),
        )


class Snow(Degradation[SnowParameters]):
    """Snow in linear light: ``I = (1 - M) V + M S``, ``V = J tau + A (1 - tau)``.

    The first is equation 1 of Liu et al., "DesnowNet" (TIP 2018), with M the coverage by flakes and S their
    light. Flake sizes, numbers and speeds are those of :mod:`opir.physics.flakes`: means, around which single
    snowfalls scatter widely, hence ``crowding``. A flake of diameter D at distance z is ``f D / z`` wide, moves by
    ``f v T / z`` during the exposure T, and is spread by the blur circle ``f a |1 / z - 1 / z_focus|``; what it
    covers it covers for ``D / max(D, v T)`` of the time, and not densely, since it has holes. Large flakes are lumps
    of several crystals. Flakes too far to be drawn act as a veil with the extinction of snow.
    """

    task: ClassVar[Task] = "snow"

    def sample(self, n: int, generator: torch.Generator) -> SnowParameters:
        """Draw light flurries to heavy snow at short and long exposures."""
        rate = log_uniform(n, 0.15, 6, generator)
        exposure = log_uniform(n, 1 / 1000, 1 / 60, generator)
        crowding, extent = log_uniform(n, 1, 2.5, generator), log_uniform(n, 50, 500, generator)
        scene = replace(sample_scenes(n, generator, indoor_share=0), extent_m=extent)
        return _draw(rate, crowding, exposure, scene, generator)

    def from_severity(self, severity: Tensor, generator: torch.Generator) -> SnowParameters:
        """Snow rate ``10 * severity ** 2`` mm/h, crowding ``1 + 7 * severity ** 2``, at 1/250 s, over whole scenes."""
        n = len(severity)
        exposure = torch.full((n,), 1 / 250, device=severity.device)
        scene = replace(whole_scenes(n, generator), extent_m=log_uniform(n, 100, 300, generator))
        return _draw(10 * severity**2, 1 + 7 * severity**2, exposure, scene, generator)

    def apply(self, image: Tensor, parameters: SnowParameters) -> Tensor:
        """Let it snow on ``image`` (B, 3, H, W), sRGB in [0, 1]; see :class:`Degradation`."""
        check_batch(image, parameters)
        height, width = image.shape[-2:]
        flakes = scatter_flakes(parameters, height, width)
        cover = render_streaks(flakes, len(image), height, width).clamp(max=1).to(image.dtype)
        rate, crowding = parameters.snow_rate_mm_per_h, parameters.crowding
        extinction = crowding * snow_extinction_per_m(rate / crowding)
        tau = transmission(generate_depth(parameters.scene, image), extinction).to(image.dtype)
        radiance = srgb_to_linear(image)
        light = srgb_to_linear(per_image(parameters.flake_light, image))
        veil = (_VEIL_LIGHT * radiance.mean(dim=(1, 2, 3), keepdim=True)).clamp(max=1)
        snowy = (radiance * tau + veil * (1 - tau)) * (1 - cover) + light * cover
        encoded = linear_to_srgb(snowy).clamp(0, 1)
        return keep_where(parameters.snow_rate_mm_per_h == 0, image, encoded)


def _draw(
    rate: Tensor, crowding: Tensor, exposure: Tensor, scene: SceneParameters, generator: torch.Generator
) -> SnowParameters:
    """Weather and scene as given; camera, wind and light as in training."""
    n = len(rate)
    tint = 0.02 * torch.randn(n, 3, generator=generator, device=generator.device)
    return SnowParameters(
        seed=scene.seed,
        snow_rate_mm_per_h=rate,
        crowding=crowding,
        exposure_s=exposure,
        focal_px=log_uniform(n, 400, 1600, generator),
        aperture_mm=log_uniform(n, 0.5, 10, generator),
        focus_m=log_uniform(n, 3, 30, generator),
        wind_m_per_s=3 * uniform(n, -1, 1, generator) * uniform(n, 0, 1, generator),
        flake_light=(uniform(n, 0.65, 1.0, generator)[:, None] + tint).clamp(0, 1),
        extent_m=scene.extent_m,
        window=scene.window,
    )


def scatter_flakes(parameters: SnowParameters, height: int, width: int) -> Streaks:
    """Flakes of all images, evenly in space up to where one of 3 mm is ``_THINNEST_PX`` wide.

    In dense snow only the nearest are drawn, ``_MOST_PER_PIXEL`` of them in a picture of up to 640 pixels and as many
    in a larger one; the others are left to the veil.
    """
    one_fall = parameters.snow_rate_mm_per_h / parameters.crowding
    per_m3 = parameters.crowding * flakes_per_m3(one_fall, SMALLEST_MELTED_MM)
    slope = melted_slope_per_mm(one_fall.clamp(min=1e-3))
    focal = focal_length_px(parameters.focal_px, height, width)
    farthest = (3e-3 * focal / _THINNEST_PX).clamp(min=2 * NEAREST_M)
    most_per_pixel = _MOST_PER_PIXEL / picture_scale(height, width) ** 2  # a larger picture has finer flakes, not more
    crowded = (3 * most_per_pixel * focal**2 / per_m3.clamp(min=1e-6) + NEAREST_M**3) ** (1 / 3)
    farthest = torch.minimum(farthest, crowded)
    per_pixel = volume_per_pixel(focal, NEAREST_M, farthest) * per_m3
    margin = 12 + 0.5 * focal * parameters.exposure_s
    counts = (per_pixel * (width + 2 * margin) * (height + 2 * margin)).round().long()

    parts = []
    for row, count in enumerate(counts.tolist()):
        draws = image_uniform(parameters.seed[row : row + 1], count, 8, stream=51)[0].unbind(dim=1)
        distance = distance_in_volume(draws[2], NEAREST_M, farthest[row])
        diameter = flake_diameter_mm(SMALLEST_MELTED_MM - (1 - draws[3]).log() / slope[row])
        diameter = diameter.clamp(max=_LARGEST_MM)
        fall = flake_speed(diameter) * (0.5 + draws[4])
        drift = parameters.wind_m_per_s[row] + 1.2 * (draws[5] - 0.5)
        path = (fall**2 + drift**2).sqrt() * parameters.exposure_s[row]
        sharp = focal[row] * diameter * 1e-3 / distance
        circle = focal[row] * parameters.aperture_mm[row] * 1e-3 * (1 / distance - 1 / parameters.focus_m[row]).abs()
        wide = (sharp**2 + circle**2).sqrt()
        covered = (diameter * 1e-3 / torch.maximum(path, diameter * 1e-3)) * (sharp / wide) ** 2
        parts.append(
            Streaks(
                image=torch.full((count,), row, device=parameters.seed.device),
                x_px=(draws[0] - 0.5) * (width + 2 * margin[row]) + 0.5 * width,
                y_px=(draws[1] - 0.5) * (height + 2 * margin[row]) + 0.5 * height,
                length_px=focal[row] * path / distance + wide,
                width_px=wide,
                angle_rad=torch.atan2(drift, fall),
                opacity=covered * (0.45 + 0.75 * draws[6]),
            )
        )
    return _make_lumpy(concatenate_streaks(parts))


def _make_lumpy(flakes: Streaks) -> Streaks:
    """Replace every flake more than a few pixels wide by several smaller overlapping lumps."""
    large = flakes.width_px > _LUMPY_PX
    chosen = torch.cat((torch.arange(len(large), device=large.device)[~large], large.nonzero()[:, 0].repeat(_LUMPS)))
    n_small = len(chosen) - _LUMPS * int(large.sum())
    # where the lumps lie follows from the flake's own place, so that an image does not depend on its neighbours
    phase = flakes.x_px[chosen] * 12.9898 + flakes.y_px[chosen] * 78.233
    lump = torch.arange(len(chosen), device=large.device) - n_small
    number = torch.where(lump >= 0, lump // large.sum().clamp(min=1), 0)
    turn = phase + number * (2 * torch.pi / _LUMPS)
    apart = torch.where(lump >= 0, 0.27 * flakes.width_px[chosen], 0.0)
    shrink = torch.where(lump >= 0, 0.62 + 0.15 * torch.sin(3.7 * phase + 2.1 * number), 1.0)
    return Streaks(
        image=flakes.image[chosen],
        x_px=flakes.x_px[chosen] + apart * turn.cos(),
        y_px=flakes.y_px[chosen] + apart * turn.sin(),
        length_px=flakes.length_px[chosen] - flakes.width_px[chosen] * (1 - shrink),
        width_px=flakes.width_px[chosen] * shrink,
        angle_rad=flakes.angle_rad[chosen],
        opacity=flakes.opacity[chosen],
    )
