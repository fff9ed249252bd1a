"""Rain: streaks of falling drops between camera and scene, and the veil of the far ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from opir.physics.colour import linear_to_srgb, srgb_to_linear
from opir.physics.degradation import Degradation, Parameters, check_batch, draw_seeds, log_uniform, uniform
from opir.physics.depth import SceneParameters, generate_depth, sample_scenes, whole_scenes
from opir.physics.drops import drops_per_m3, rain_extinction_per_m, slope_per_mm, terminal_velocity
from opir.physics.haze import transmission
from opir.physics.per_image import keep_where, per_image
from opir.physics.random_fields import image_uniform
from opir.physics.streaks import Streaks, concatenate_streaks, render_streaks
from opir.physics.view_volume import distance_in_volume, focal_length_px, volume_per_pixel
from opir.tasks import Task

SMALLEST_DROP_MM = 0.8
"""Smaller drops are not drawn one by one."""

NEAREST_M = 0.4
"""Drops nearer than this to the lens are out of every focus."""

_THINNEST_PX = 0.5
_MOST_PER_PIXEL = 0.04
_LARGEST_MM = 6.0
_GUST = 0.15
_VEIL_LIGHT = 1.4
_DIMMEST = 0.02


@dataclass(frozen=True, kw_only=True)
class RainParameters(Parameters):
    """Weather, camera and light of a batch."""

    seed: Tensor
    """(B,), int64: where the drops are; also the layout of the scene."""
    rain_rate_mm_per_h: Tensor
    """(B,), mm/h: 2 is light, 10 moderate, 50 violent rain; 0 is none."""
    exposure_s: Tensor
    """(B,), seconds: a streak is as long as a drop falls in this time."""
    focal_px: Tensor
    """(B,), focal length in pixels, for pictures of up to 640 pixels; it grows with larger ones."""
    aperture_mm: Tensor
    """(B,), diameter of the lens opening, millimetres: near drops are out of focus (focus is far away)."""
    wind_m_per_s: Tensor
    """(B,), speed of the drops across the picture, positive to the right."""
    drop_light: Tensor
    """(B, 3), linear RGB: light that drops send, in multiples of the picture's own mean light."""
    extent_m: Tensor
    """(B,), metres: distance of the farthest surface, which the veil of far drops hides most."""
    window: Tensor
    """(B, 4), part of the scene that is seen, see :class:`opir.physics.depth.SceneParameters`."""

    @property
    def scene(self) -> SceneParameters:
        """The outdoor scene behind the rain."""
        return SceneParameters(
            seed=self.seed,
            indoor=torch.zeros_like(self.seed, dtype=torch.bool),
            extent_m=self.extent_m,
            window=self.window,
            edge_strength=torch.ones_like(self.extent_m),
        )


class Rain(Degradation[RainParameters]):
    """Rain in linear light: ``I = (1 - m) V + m L``, ``V = J tau + A (1 - tau)``.

    A drop of diameter D falls at its terminal velocity v(D) (:mod:`opir.physics.drops`). At the distance z it
    draws a streak ``f v T / z`` long and ``f D / z`` wide and covers each pixel for ``D / v`` of the exposure T,
    so that its opacity is ``m = D / (v T)`` (Garg & Nayar, "Vision and rain", IJCV 2007, section 3). A drop
    refracts light from a field of view of about 165 degrees, so its light L is nearly that of the whole
    surroundings and does not depend on what is behind it (ibid.); the mean of the picture times a factor
    stands for it. Defocus spreads near streaks over the blur circle
    ``f a / z``, a the aperture. Drops too far to draw a visible streak act together as a veil with the
    extinction of rain; its light is a little more than the mean of the picture.
    """

    task: ClassVar[Task] = "rain"

    def sample(self, n: int, generator: torch.Generator) -> RainParameters:
        """Draw light to violent rain at short and long exposures."""
        rate = log_uniform(n, 4, 150, generator)
        exposure = log_uniform(n, 1 / 1000, 1 / 80, generator)
        scene = sample_scenes(n, generator, indoor_share=0)
        return self._draw(rate, exposure, log_uniform(n, 2, 12, generator), scene, generator)

    def from_severity(self, severity: Tensor, generator: torch.Generator) -> RainParameters:
        """Rain rate ``150 * severity ** 1.5`` mm/h at 1/400 s in good light, over whole scenes."""
        n = len(severity)
        exposure = torch.full_like(severity, 1 / 400)
        light = log_uniform(n, 6, 14, generator)
        return self._draw(150 * severity**1.5, exposure, light, whole_scenes(n, generator), generator)

    def apply(self, image: Tensor, parameters: RainParameters) -> Tensor:
        """Let it rain on ``image`` (B, 3, H, W), sRGB in [0, 1]; see :class:`Degradation`."""
        check_batch(image, parameters)
        height, width = image.shape[-2:]
        streaks = scatter_drops(parameters, height, width)
        cover = render_streaks(streaks, len(image), height, width).clamp(max=1).to(image.dtype)
        tau = transmission(
            generate_depth(parameters.scene, image), rain_extinction_per_m(parameters.rain_rate_mm_per_h)
        ).to(image.dtype)
        radiance = srgb_to_linear(image)
        surroundings = radiance.mean(dim=(1, 2, 3), keepdim=True) + _DIMMEST
        light = surroundings * per_image(parameters.drop_light, image)
        veil = (surroundings * _VEIL_LIGHT).clamp(max=1)
        veiled = radiance * tau + veil * (1 - tau)
        rainy = veiled * (1 - cover) + light * cover
        encoded = linear_to_srgb(rainy.clamp(max=1)).clamp(0, 1)
        return keep_where(parameters.rain_rate_mm_per_h == 0, image, encoded)

    def _draw(
        self, rate: Tensor, exposure: Tensor, light: Tensor, scene: SceneParameters, generator: torch.Generator
    ) -> RainParameters:
        n = len(rate)
        tint = 0.06 * torch.randn(n, 3, generator=generator, device=generator.device)
        return RainParameters(
            seed=draw_seeds(n, generator),
            rain_rate_mm_per_h=rate,
            exposure_s=exposure,
            focal_px=log_uniform(n, 350, 1200, generator),
            aperture_mm=log_uniform(n, 0.5, 8, generator),
            wind_m_per_s=4 * uniform(n, -1, 1, generator) * uniform(n, 0, 1, generator),
            drop_light=light[:, None] * (1 + tint).clamp(0.8, 1.2),
            extent_m=log_uniform(n, 40, 400, generator),
            window=scene.window,
        )


def scatter_drops(parameters: RainParameters, height: int, width: int) -> Streaks:
    """Streaks of all drops that are seen one by one.

    They lie between ``NEAREST_M`` and the distance where a drop of 2 mm is ``_THINNEST_PX`` wide, evenly in
    space; their sizes are exponential above ``SMALLEST_DROP_MM`` (Marshall & Palmer).
    """
    focal = focal_length_px(parameters.focal_px, height, width)
    farthest = (2e-3 * focal / _THINNEST_PX).clamp(min=2 * NEAREST_M)
    per_pixel = volume_per_pixel(focal, NEAREST_M, farthest) * drops_per_m3(
        parameters.rain_rate_mm_per_h, SMALLEST_DROP_MM
    )
    margin = 0.3 * focal * 9 * parameters.exposure_s
    lean = (parameters.wind_m_per_s / 5).abs().clamp(max=2)
    reach_x, reach_y = width + 2 * margin * lean + 8, height + 2 * margin
    counts = (per_pixel.clamp(max=_MOST_PER_PIXEL) * reach_x * reach_y).round().long().tolist()
    crowding = (per_pixel / _MOST_PER_PIXEL).clamp(min=1)  # drops that are not drawn lend their weight
    slope = slope_per_mm(parameters.rain_rate_mm_per_h.clamp(min=1e-6))

    parts = []
    for row, count in enumerate(counts):
        draws = image_uniform(parameters.seed[row : row + 1], count, 6, stream=41)[0].unbind(dim=1)
        distance = distance_in_volume(draws[2], NEAREST_M, farthest[row])
        diameter = (SMALLEST_DROP_MM - (1 - draws[3]).log() / slope[row]).clamp(max=_LARGEST_MM)
        speed = terminal_velocity(diameter)
        wind = parameters.wind_m_per_s[row] + _GUST * (2 * draws[4] - 1)
        path = (speed**2 + wind**2).sqrt() * parameters.exposure_s[row]
        sharp = focal[row] * diameter * 1e-3 / distance
        spread = (sharp**2 + (focal[row] * parameters.aperture_mm[row] * 1e-3 / distance) ** 2).sqrt()
        covered = (diameter * 1e-3 / path.clamp(min=1e-6)).clamp(max=1)
        parts.append(
            Streaks(
                image=torch.full((count,), row, device=parameters.seed.device),
                x_px=(draws[0] - 0.5) * reach_x[row] + 0.5 * width,
                y_px=(draws[1] - 0.5) * reach_y[row] + 0.5 * height,
                length_px=focal[row] * path / distance,
                width_px=spread,
                angle_rad=torch.atan2(wind, speed),
                opacity=covered * sharp / spread * crowding[row] * (0.6 + 0.8 * draws[5]),
            )
        )
    return concatenate_streaks(parts)
