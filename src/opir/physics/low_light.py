"""Under-exposed photographs: less light, the noise of high gain, a wrong white balance, another contrast."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from opir.physics.colour import linear_to_srgb, srgb_to_linear
from opir.physics.degradation import Degradation, Parameters, check_batch, draw_seeds, log_uniform, uniform
from opir.physics.per_image import keep_where, per_image
from opir.physics.photon_noise import photon_noise
from opir.tasks import Task

_BRIGHTEST_STOPS, _DARKEST_STOPS = -1.0, -6.5
_MOST_HEADROOM_STOPS = 5.0
_GAMMA_MEAN, _GAMMA_SPREAD, _GAMMA_LOW, _GAMMA_HIGH = 0.95, 0.1, 0.7, 1.2
_CAST_SPREAD_STOPS, _CAST_LIMIT_STOPS = 0.17, 0.6
_SHOT_LOW, _SHOT_HIGH = 1e-6, 1e-3
_READ_LOW, _READ_HIGH = 3e-5, 2e-3

_DARKEST_BASE = 1e-5


@dataclass(frozen=True, kw_only=True)
class LowLightParameters(Parameters):
    """What separates the dark exposure from the good one."""

    exposure_stops: Tensor
    """(B,), change of exposure of the dark tones, in stops (powers of two); negative is darker."""
    headroom_stops: Tensor
    """(B,), how much brighter than its displayed value white really is, in stops; 0 is a linear camera."""
    gamma: Tensor
    """(B,), exponent in linear light, the difference in contrast between the two exposures; 1 is none."""
    cast_stops: Tensor
    """(B, 3), error of the white balance of R, G, B, in stops; 0 is none."""
    shot: Tensor
    """(B,), noise variance per unit of linear signal of the dark exposure (white is 1)."""
    read: Tensor
    """(B,), noise standard deviation in darkness, in the same unit."""
    seed: Tensor
    """(B,), int64, seed of the noise field."""


class LowLight(Degradation[LowLightParameters]):
    """Takes the picture again with too little light, in *linear* light.

    The good exposure L was compressed by a shoulder that is undone first:
    ``R = L / (1 - (1 - 2 ** -h) L)``, h the headroom, the inverse of Reinhard et al., "Photographic Tone
    Reproduction" (2002), equation (3), scaled. It leaves dark tones alone and lifts white by h stops: lamps
    and sky stay bright in a dark photograph. Then ``D_c = 2 ** (exposure_stops + cast_stops_c) * R ** gamma``
    and ``I = srgb(clip(D + n))`` with ``n ~ N(0, shot * D + read ** 2)``, the sensor noise at high gain.

    The ranges follow real pairs. Fitted to 120 pairs of SICE (exposure brackets against fused references),
    the curve has a residual of 0.2 stops, exposures of -1.7 to -6.7, headrooms of 1.5 to 7 that grow as the
    exposure falls, and gammas of 0.7 to 1.0; pairs of LOL have -4 to -6, 0 to 1.5 and 1.0 to 1.1. Red and
    blue drift against green by 0.1 to 0.2 stops, rarely 0.6. The noise of LOL at D = 0.005 and 0.025 matches
    shot = 8e-5 and read = 5e-4, while SICE is nearly free of it; it is drawn log-uniformly around that.
    """

    task: ClassVar[Task] = "low_light"

    def sample(self, n: int, generator: torch.Generator) -> LowLightParameters:
        """Draw exposures uniformly in stops, contrasts and casts normally, noise log-uniformly.

        The headroom is a uniform share of the lost exposure, so that no light gets brighter than it was.
        """
        stops = uniform(n, _DARKEST_STOPS, _BRIGHTEST_STOPS, generator)
        gamma = _GAMMA_MEAN + _GAMMA_SPREAD * _normal((n,), generator)
        cast = _CAST_SPREAD_STOPS * _normal((n, 3), generator)
        cast[:, 1] = 0  # green is the reference: its gain is the exposure
        return LowLightParameters(
            exposure_stops=stops,
            headroom_stops=uniform(n, 0, 1, generator) * (-stops).clamp(max=_MOST_HEADROOM_STOPS),
            gamma=gamma.clamp(_GAMMA_LOW, _GAMMA_HIGH),
            cast_stops=cast.clamp(-_CAST_LIMIT_STOPS, _CAST_LIMIT_STOPS),
            shot=log_uniform(n, _SHOT_LOW, _SHOT_HIGH, generator),
            read=log_uniform(n, _READ_LOW, _READ_HIGH, generator),
            seed=draw_seeds(n, generator),
        )

    def from_severity(self, severity: Tensor, generator: torch.Generator) -> LowLightParameters:
        """At severity 1: 6.5 stops less, 2.5 of headroom, the strongest noise and a random cast."""
        cast = _CAST_SPREAD_STOPS * _normal((len(severity), 3), generator)
        cast[:, 1] = 0
        return LowLightParameters(
            exposure_stops=_DARKEST_STOPS * severity,
            headroom_stops=_MOST_HEADROOM_STOPS / 2 * severity,
            gamma=1 + (_GAMMA_MEAN - 1) * severity,
            cast_stops=cast.clamp(-_CAST_LIMIT_STOPS, _CAST_LIMIT_STOPS) * severity[:, None],
            shot=_SHOT_HIGH * severity**2,
            read=_READ_HIGH * severity,
            seed=draw_seeds(len(severity), generator),
        )

    def apply(self, image: Tensor, parameters: LowLightParameters) -> Tensor:
        """Darken ``image`` (B, 3, H, W), sRGB in [0, 1]; the result is sRGB, clipped to [0, 1], not rounded.

        Raises:
            ShapeError: if the image is not (B, 3, H, W) or B differs from the parameters' batch size.
        """
        check_batch(image, parameters)
        dark = expose(srgb_to_linear(image), parameters)
        noise = photon_noise(dark, shot=parameters.shot, read=parameters.read, seed=parameters.seed)
        encoded = linear_to_srgb((dark + noise).clamp(0, 1)).clamp(0, 1)
        return keep_where(_is_identity(parameters), image, encoded)


def expose(linear: Tensor, parameters: LowLightParameters) -> Tensor:
    """The noise-free dark exposure D of :class:`LowLight`; not clipped.

    Below R = 1e-5, far under one 8-bit level, the power is continued by a straight line through 0, so that
    the gradient stays finite for gamma < 1.

    Args:
        linear: (B, 3, H, W), linear RGB in [0, 1].
        parameters: of the same batch size.

    Returns:
        (B, 3, H, W), linear RGB, not negative.
    """
    gain = torch.exp2(parameters.exposure_stops[:, None] + parameters.cast_stops)
    compression = per_image(1 - torch.exp2(-parameters.headroom_stops), linear)
    radiance = linear / (1 - compression * linear)
    contrast = radiance * radiance.clamp(min=_DARKEST_BASE) ** per_image(parameters.gamma - 1, linear)
    return per_image(gain, linear) * contrast


def _is_identity(parameters: LowLightParameters) -> Tensor:
    return (
        (parameters.exposure_stops == 0)
        & (parameters.headroom_stops == 0)
        & (parameters.gamma == 1)
        & (parameters.cast_stops == 0).all(dim=1)
        & (parameters.shot == 0)
        & (parameters.read == 0)
    )


def _normal(shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    return torch.randn(shape, generator=generator, device=generator.device)
