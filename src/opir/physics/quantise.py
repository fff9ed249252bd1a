"""Rounding to the levels of an integer file format."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from torch import Tensor

from opir.errors import ConfigurationError
from opir.physics.degradation import Degradation, Parameters, check_batch
from opir.physics.per_image import per_image
from opir.tasks import Task

Rounding = Literal["nearest", "truncate"]
"""``nearest`` is what a careful writer does; ``truncate`` is what a bare cast to integers does."""

_FINEST_BITS = 8.0
_COARSEST_BITS = 3.0


@dataclass(frozen=True, kw_only=True)
class QuantiseParameters(Parameters):
    """Number of levels."""

    levels: Tensor
    """(B,), number of steps between black and white: 255 for 8 bits; 0 leaves the image as it is."""


class Quantise(Degradation[QuantiseParameters]):
    """Rounds sRGB code values: ``I = round(levels * J) / levels``, or ``floor`` when truncating.

    Published protocols differ: some add noise and cast to 8-bit integers, which truncates and darkens by half
    a level on average. A faithful comparison needs the same cast.

    Ties are rounded to even, as numpy and torch do. With ``straight_through`` the gradient is that of the
    identity; otherwise it is zero.
    """

    task: ClassVar[Task] = "noise"

    def __init__(self, *, rounding: Rounding = "nearest", straight_through: bool = True) -> None:
        """Choose the rounding and the gradient.

        Raises:
            ConfigurationError: if ``rounding`` is not a known word.
        """
        if rounding not in ("nearest", "truncate"):
            raise ConfigurationError(f'rounding must be "nearest" or "truncate"; got {rounding!r}')
        self.rounding: Rounding = rounding
        self.straight_through = straight_through

    def sample(self, n: int, generator: torch.Generator) -> QuantiseParameters:
        """Always 8 bits: nearly all pictures that come to be restored are."""
        return QuantiseParameters(levels=torch.full((n,), 255.0, device=generator.device))

    def from_severity(self, severity: Tensor, generator: torch.Generator) -> QuantiseParameters:  # noqa: ARG002
        """Bits fall linearly from 8 (just above severity 0) to 3 at severity 1; 0 is the identity."""
        bits = _FINEST_BITS + (_COARSEST_BITS - _FINEST_BITS) * severity
        return QuantiseParameters(levels=torch.where(severity > 0, (2**bits - 1).round(), torch.zeros_like(bits)))

    def apply(self, image: Tensor, parameters: QuantiseParameters) -> Tensor:
        """Round ``image`` (B, 3, H, W), sRGB in [0, 1], to its levels.

        Raises:
            ShapeError: if the image is not (B, 3, H, W) or B differs from the parameters' batch size.
        """
        check_batch(image, parameters)
        levels = per_image(parameters.levels, image)
        steps = image.detach() * levels
        # k / 255 * 255 may fall just below k: without the allowance a second truncation would lose a level
        whole = steps.round() if self.rounding == "nearest" else (steps + 1e-4).floor()
        quantised = torch.where(levels > 0, whole / levels.clamp(min=1), image.detach()).clamp(0, 1)
        return _with_gradient_of(quantised, image) if self.straight_through else quantised


def round_straight_through(values: Tensor) -> Tensor:
    """Round to the nearest integer, exactly, with the gradient of the identity; any shape and unit."""
    return _with_gradient_of(values.detach().round(), values)


def _with_gradient_of(values: Tensor, source: Tensor) -> Tensor:
    # the difference is exactly 0: nothing is added to the values but the path of the gradient
    return values + (source - source.detach()) if source.requires_grad else values
