"""Heavy rain as photographs show it: a dense curtain of fine streaks, with a veil behind it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from opir.physics.degradation import Degradation, Parameters, check_batch, draw_seeds, log_uniform, uniform
from opir.physics.per_image import keep_where, per_image
from opir.physics.random_fields import image_uniform, smooth_field
from opir.physics.view_volume import picture_scale
from opir.tasks import Task

_N_LAYERS = 3
_COVERAGE = (0.04, 0.8)
_LENGTH_PX = (4.0, 40.0)
_WIDTH_PX = (0.35, 1.3)
_LEAN_RAD, _SPREAD_RAD = 0.8, 0.08
_OPACITY = (0.08, 0.5)
_VEIL = 0.3
_LIGHT = (0.55, 1.0)
_UNEVENNESS = (0.0, 0.9)
_CELLS = 4
_TAPER = 0.15
"""Standard deviation of a streak's soft ends, in units of its length."""
_BOUND = 0.95
"""Largest opacity of everything together: something of the scene always shows through."""


@dataclass(frozen=True, kw_only=True)
class DownpourParameters(Parameters):
    """The curtain and its light; (B, L) fields hold one number per layer."""

    coverage: Tensor
    """(B, L), share of the picture that the streaks of a layer would fill side by side."""
    length_px: Tensor
    """(B, L), length in pictures of up to 640 pixels; it grows with larger ones, as the width does."""
    width_px: Tensor
    """(B, L), standard deviation across a streak."""
    angle_rad: Tensor
    """(B, L), direction of fall, 0 is straight down, positive leans to the right."""
    opacity: Tensor
    """(B,), of the axis of the strongest streaks."""
    veil: Tensor
    """(B,), opacity of the rain that is too far away to show streaks."""
    light: Tensor
    """(B,), what the rain is lit with, sRGB in [0, 1]."""
    unevenness: Tensor
    """(B,), by how much rain is thinner where it is thinnest: 0 is even, 1 none there."""
    seed: Tensor
    """(B,), int64: where the streaks are."""


class Downpour(Degradation[DownpourParameters]):
    """Mixes the picture with the light of a curtain of rain, ``I = (1 - a) J + a L``.

    The opacity a is the sum of a veil and of layers of streaks, each a field of sparse random drops convolved with the
    path of one: dense, a pixel or two wide, hardly brighter than what is behind them and unseen in front of the sky,
    where the published synthetic sets draw tens of long bright strokes. That streaks are translucent is physics (their
    opacity is ``D / (v T)``, Garg & Nayar, IJCV 2007; :class:`opir.physics.rain.Rain` draws them so); the rest is a
    model of appearance: it acts on code values, and its ranges are ours, wide on purpose.
    """

    task: ClassVar[Task] = "rain"

    def sample(self, n: int, generator: torch.Generator) -> DownpourParameters:
        """Draw from a drizzle that one has to look for to a curtain that hides what is far."""
        return self._curtain(
            log_uniform(n * _N_LAYERS, *_COVERAGE, generator).view(n, _N_LAYERS),
            log_uniform(n, *_OPACITY, generator),
            _VEIL * uniform(n, 0, 1, generator) * uniform(n, 0, 1, generator),
            generator,
        )

    def from_severity(self, severity: Tensor, generator: torch.Generator) -> DownpourParameters:
        """Coverage, opacity and veil grow with the severity, to 0.5 for each layer, 0.4 and 0.2."""
        coverage = (0.5 * severity)[:, None].expand(-1, _N_LAYERS)
        return self._curtain(coverage, 0.4 * severity, 0.2 * severity, generator)

    def _curtain(
        self, coverage: Tensor, opacity: Tensor, veil: Tensor, generator: torch.Generator
    ) -> DownpourParameters:
        n = len(opacity)
        layers = n * _N_LAYERS
        lean = _LEAN_RAD * uniform(n, -1, 1, generator) * uniform(n, 0, 1, generator)
        spread = _SPREAD_RAD * uniform(layers, -1, 1, generator)
        return DownpourParameters(
            coverage=coverage,
            length_px=log_uniform(layers, *_LENGTH_PX, generator).view(n, _N_LAYERS),
            width_px=uniform(layers, *_WIDTH_PX, generator).view(n, _N_LAYERS),
            angle_rad=lean[:, None] + spread.view(n, _N_LAYERS),
            opacity=opacity,
            veil=veil,
            light=uniform(n, *_LIGHT, generator),
            unevenness=uniform(n, *_UNEVENNESS, generator),
            seed=draw_seeds(n, generator),
        )

    def apply(self, image: Tensor, parameters: DownpourParameters) -> Tensor:
        """Let it rain on ``image`` (B, 3, H, W), sRGB in [0, 1].

        Raises:
            ShapeError: if the image is not (B, 3, H, W) or B differs from the parameters' batch size.
        """
        check_batch(image, parameters)
        height, width = image.shape[-2:]
        opacity = curtain(parameters, height, width).to(image.dtype)
        rainy = image + opacity * (per_image(parameters.light, image) - image)
        dry = (parameters.opacity <= 0) & (parameters.veil <= 0)
        return keep_where(dry, image, rainy.clamp(0, 1))


def curtain(parameters: DownpourParameters, height: int, width: int) -> Tensor:
    """Opacity of veil and streaks together, (B, 1, H, W) in [0, 0.95]."""
    scale = picture_scale(height, width)
    length, across = scale * parameters.length_px, scale * parameters.width_px
    drops = image_uniform(parameters.seed, _N_LAYERS, height, width, stream=61)
    rate = (parameters.coverage / (length * across * math.sqrt(2 * math.pi))).clamp(max=1)[..., None, None]
    # a drop where the number falls below the rate, and then as opaque as what is left of it says
    strength = torch.where(drops < rate, 0.3 + 0.7 * drops / rate.clamp_min(1e-9), 0.0)
    paths = torch.fft.rfft2(strength) * _path_spectrum(length, across, parameters.angle_rad, height, width)
    streaks = torch.fft.irfft2(paths, s=(height, width)).clamp_min(0).sum(dim=1, keepdim=True)
    thinner = 0.5 - 0.5 * smooth_field(parameters.seed, height, width, cells=_CELLS, stream=62)
    even = 1 - per_image(parameters.unevenness, streaks) * thinner
    total = per_image(parameters.opacity, streaks) * streaks + per_image(parameters.veil, streaks)
    opacity: Tensor = (even * total).clamp(0, _BOUND)
    return opacity


def _path_spectrum(length: Tensor, across: Tensor, angle: Tensor, height: int, width: int) -> Tensor:
    """Transfer function of a streak whose middle has the value 1, (B, L, H, W // 2 + 1).

    Along its path a box with soft ends, across it a Gaussian.
    """
    down = torch.fft.fftfreq(height, device=length.device)[:, None]
    right = torch.fft.rfftfreq(width, device=length.device)[None, :]
    sine, cosine = angle.sin()[..., None, None], angle.cos()[..., None, None]
    length, across = length[..., None, None], across[..., None, None]
    along_path, across_path = down * cosine + right * sine, right * cosine - down * sine
    path = torch.sinc(along_path * length) * torch.exp(-2 * (math.pi * _TAPER * length * along_path) ** 2)
    section = torch.exp(-2 * (math.pi * across * across_path) ** 2)
    return length * across * math.sqrt(2 * math.pi) * path * section
