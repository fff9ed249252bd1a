"""What every forward operator of the package has in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, fields
from typing import ClassVar, Generic, Self, TypeVar

import torch
from torch import Tensor

from opir.errors import ShapeError
from opir.tasks import Task


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """Physical parameters of a batch: every field is a tensor whose first dimension is the batch.

    Randomness that cannot be put into a few numbers (a noise field, the positions of rain streaks) is
    represented by an integer field ``seed`` of shape (B,): the operator expands it per image, so that an
    image of a batch does not depend on its neighbours.
    """

    def __post_init__(self) -> None:
        sizes = {field.name: getattr(self, field.name).shape[:1] for field in fields(self)}
        if len(set(sizes.values())) > 1:
            raise ShapeError(f"parameters of one batch must agree in their first dimension; got {sizes}")

    @property
    def batch_size(self) -> int:
        """Number of images that the parameters describe."""
        first: Tensor = getattr(self, fields(self)[0].name)
        return first.shape[0]

    def __getitem__(self, index: int | slice) -> Self:
        """Select some images of the batch; the batch dimension is kept."""
        chosen = slice(index, index + 1) if isinstance(index, int) else index
        return type(self)(**{field.name: getattr(self, field.name)[chosen] for field in fields(self)})

    def to(self, device: torch.device | str) -> Self:
        """Move every field to a device."""
        return type(self)(**{field.name: getattr(self, field.name).to(device) for field in fields(self)})


P = TypeVar("P", bound=Parameters)


class Degradation(ABC, Generic[P]):
    """A forward operator I = D(J; parameters).

    ``sample`` draws parameters from the distribution used in training, ``from_severity`` maps a number in
    [0, 1] to parameters (0 is the exact identity, 1 the strongest that is still plausible), and ``apply`` is a
    deterministic function of image and parameters, batched, on any device.
    """

    task: ClassVar[Task]
    """The label that a picture degraded by this operator carries."""

    @abstractmethod
    def sample(self, n: int, generator: torch.Generator) -> P:
        """Draw parameters for ``n`` images from the training distribution, on the generator's device."""

    @abstractmethod
    def from_severity(self, severity: Tensor, generator: torch.Generator) -> P:
        """Parameters of the given severities, shape (B,) in [0, 1]; the rest is drawn from ``generator``."""

    @abstractmethod
    def apply(self, image: Tensor, parameters: P) -> Tensor:
        """Degrade ``image`` (B, 3, H, W), sRGB in [0, 1]; the result has the same shape and range.

        Raises:
            ShapeError: if the image is not (B, 3, H, W) or B differs from the parameters' batch size.
        """


def check_batch(image: Tensor, parameters: Parameters) -> None:
    """Raise :class:`ShapeError` unless ``image`` is (B, 3, H, W) floating point with the parameters' B."""
    if image.ndim != 4 or image.shape[1] != 3 or not image.is_floating_point():
        raise ShapeError(f"image must be a floating-point tensor (B, 3, H, W); got {tuple(image.shape)} {image.dtype}")
    if image.shape[0] != parameters.batch_size:
        raise ShapeError(
            f"image and parameters must have the same batch size; "
            f"got {image.shape[0]} images and {parameters.batch_size} parameter sets"
        )


def draw_seeds(n: int, generator: torch.Generator) -> Tensor:
    """Draw ``n`` independent seeds, shape (n,), int64, for random fields of single images."""
    return torch.randint(0, 2**62, (n,), generator=generator, device=generator.device)


def uniform(n: int, low: float, high: float, generator: torch.Generator) -> Tensor:
    """Draw ``n`` values uniformly from [low, high), shape (n,), float32."""
    return low + (high - low) * torch.rand(n, generator=generator, device=generator.device)


def log_uniform(n: int, low: float, high: float, generator: torch.Generator) -> Tensor:
    """Draw ``n`` values from [low, high) with uniform logarithm, shape (n,), float32."""
    ratio = torch.tensor(high / low, device=generator.device)
    return low * ratio ** torch.rand(n, generator=generator, device=generator.device)
