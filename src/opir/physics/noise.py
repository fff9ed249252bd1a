"""White Gaussian noise in sRGB code values, the noise of the denoising literature."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from opir.errors import ConfigurationError
from opir.physics.degradation import Degradation, Parameters, check_batch, draw_seeds, uniform
from opir.physics.per_image import normal_like, per_image
from opir.tasks import Task

STRONGEST_SIGMA = 75.0
"""Standard deviation at severity 1, in code values of 0-255."""


@dataclass(frozen=True, kw_only=True)
class GaussianNoiseParameters(Parameters):
    """Strength and field of the noise."""

    sigma: Tensor
    """(B,), standard deviation in code values of 0-255."""
    seed: Tensor
    """(B,), int64, seed of the noise field."""


class GaussianNoise(Degradation[GaussianNoiseParameters]):
    """Adds independent noise to every sRGB code value: ``I = clip(J + sigma / 255 * n), n ~ N(0, 1)``.

    This is no camera (see :mod:`opir.physics.sensor_noise`): the noise is added to encoded values and is
    independent of the signal, of the neighbours and of the other colours. The result is clipped to [0, 1] as
    in a file, but not rounded to 8 bits; :class:`opir.physics.quantise.Quantise` does that.
    """

    task: ClassVar[Task] = "noise"

    def __init__(self, *, min_sigma: float = 0.0, max_sigma: float = 55.0) -> None:
        """Sampling draws the standard deviation uniformly from [min_sigma, max_sigma) code values.

        The default reaches a little beyond 50, the strongest level commonly reported, so that 50 is not at
        the edge of what a network has seen.

        Raises:
            ConfigurationError: unless ``0 <= min_sigma <= max_sigma``.
        """
        if not 0 <= min_sigma <= max_sigma:
            raise ConfigurationError(
                f"noise levels must satisfy 0 <= min_sigma <= max_sigma; got {min_sigma} and {max_sigma}"
            )
        self.min_sigma = min_sigma
        self.max_sigma = max_sigma

    def sample(self, n: int, generator: torch.Generator) -> GaussianNoiseParameters:
        """Draw standard deviations uniformly from the range of this operator."""
        return GaussianNoiseParameters(
            sigma=uniform(n, self.min_sigma, self.max_sigma, generator), seed=draw_seeds(n, generator)
        )

    def from_severity(self, severity: Tensor, generator: torch.Generator) -> GaussianNoiseParameters:
        """``sigma = 75 * severity``, severity (B,) in [0, 1]."""
        return GaussianNoiseParameters(sigma=STRONGEST_SIGMA * severity, seed=draw_seeds(len(severity), generator))

    def apply(self, image: Tensor, parameters: GaussianNoiseParameters) -> Tensor:
        """Add the noise to ``image`` (B, 3, H, W), sRGB in [0, 1]; clipped to [0, 1].

        Raises:
            ShapeError: if the image is not (B, 3, H, W) or B differs from the parameters' batch size.
        """
        check_batch(image, parameters)
        noise = normal_like(parameters.seed, image).mul_(per_image(parameters.sigma / 255, image))
        return (image + noise).clamp(0, 1)
