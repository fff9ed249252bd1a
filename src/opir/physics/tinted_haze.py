"""Haze in coloured, dim light: dust, smoke, and mist in a low sun."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import ClassVar

import torch
from torch import Tensor

from opir.physics.colour import linear_to_srgb, srgb_to_linear
from opir.physics.degradation import Degradation, check_batch, log_uniform, uniform
from opir.physics.haze import Haze, HazeParameters
from opir.physics.per_image import keep_where, per_image
from opir.tasks import Task

_WARM = 0.75
_LOSS_WARM, _LOSS_COLD = 0.6, 0.4
_GREEN_OF_WARM, _GREEN_OF_COLD = (-0.05, 0.6), (0.3, 0.7)
"""How much green is lost, as a share of what is lost of the other end of the spectrum."""
_LEVEL = (0.3, 1.0)
_LOSS_AT_SEVERITY_1 = (0.1, 0.25, 0.6)


@dataclass(frozen=True, kw_only=True)
class TintedHazeParameters(HazeParameters):
    """Air, scene and light of a batch."""

    light: Tensor
    """(B, 3), the light that reaches scene and haze, linear, relative to that of the clean picture, in [0, 1]."""


class TintedHaze(Degradation[TintedHazeParameters]):
    """Koschmieder's law in light L of a colour and strength of its own: ``I = L (J tau + A (1 - tau))``, linear.

    What a cloud of dust or smoke scatters lights the scene as well, so the veil and what lies behind it have one cast,
    and removing the haze means removing it. :class:`opir.physics.haze.Haze` tints the veil alone, and hardly. Three
    of four lights are warm, which lose blue and some green, as dust makes them; the others lose red and some green. The
    ranges are ours. Outdoors only.
    """

    task: ClassVar[Task] = "haze"

    def __init__(self) -> None:
        self._haze = Haze(space="linear", indoor_share=0.0)

    def sample(self, n: int, generator: torch.Generator) -> TintedHazeParameters:
        """Draw haze as out of doors, and light from that of the day to 0.3 of it with hardly any blue."""
        haze = self._haze.sample(n, generator)
        warm = uniform(n, 0, 1, generator) < _WARM
        loss = uniform(n, 0, 1, generator) * torch.where(warm, _LOSS_WARM, _LOSS_COLD)
        of_warm, of_cold = uniform(n, *_GREEN_OF_WARM, generator), uniform(n, *_GREEN_OF_COLD, generator)
        green = loss * torch.where(warm, of_warm, of_cold)
        far, near = 1 - loss, torch.ones_like(loss)
        red, blue = torch.where(warm, near, far), torch.where(warm, far, near)
        colour = torch.stack((red, 1 - green, blue), dim=1)
        level = log_uniform(n, *_LEVEL, generator)[:, None]
        return _in_light(haze, level * colour / colour.amax(dim=1, keepdim=True))

    def from_severity(self, severity: Tensor, generator: torch.Generator) -> TintedHazeParameters:
        """Haze of that severity; at 1 the light has lost 0.1 of its red, 0.25 of its green and 0.6 of its blue."""
        haze = self._haze.from_severity(severity, generator)
        lost = torch.tensor(_LOSS_AT_SEVERITY_1, device=haze.airlight.device)
        return _in_light(haze, 1 - severity.to(haze.airlight.device)[:, None] * lost)

    def apply(self, image: Tensor, parameters: TintedHazeParameters) -> Tensor:
        """Veil the image (B, 3, H, W), sRGB in [0, 1], and light it anew; see :class:`Degradation`."""
        check_batch(image, parameters)
        hazy = self._haze.apply(image, parameters)
        lit = linear_to_srgb(srgb_to_linear(hazy) * per_image(parameters.light, image)).clamp(0, 1)
        return keep_where((parameters.light == 1).all(dim=1), hazy, lit)


def _in_light(haze: HazeParameters, light: Tensor) -> TintedHazeParameters:
    return TintedHazeParameters(**{field.name: getattr(haze, field.name) for field in fields(haze)}, light=light)
