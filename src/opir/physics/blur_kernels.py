"""Blur with kernels that were measured elsewhere and stored as pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image, UnidentifiedImageError
from torch import Tensor

from opir.errors import ConfigurationError, ShapeError, UnreadableImageError
from opir.physics.degradation import Degradation, Parameters, check_batch, uniform
from opir.physics.psf import blur_in_linear_light, draw_points
from opir.tasks import Task

LARGEST_SIDE_PX = 151
"""Larger pictures are taken for photographs, not for kernels."""

_FLOOR = 0.01


def load_kernel(path: Path) -> Tensor:
    """Kernel (K, K), K odd, of sum 1, from a gray or colour picture in which brightness is weight.

    Values below 1 % of the largest are taken for noise of the file and removed, empty margins are cut off, and the
    centre of mass is moved to the middle, since a shift is no blur.

    Raises:
        UnreadableImageError: if the file is missing or no picture.
        ShapeError: if it is larger than 151 pixels or black.
    """
    try:
        with Image.open(path) as picture:
            size = picture.size
            if max(size) > LARGEST_SIDE_PX:
                raise ShapeError(f"a blur kernel may have up to {LARGEST_SIDE_PX} pixels a side; {path} has {size}")
            weights = np.asarray(picture.convert("F"), dtype=np.float32)
    except (FileNotFoundError, IsADirectoryError, UnidentifiedImageError) as error:
        raise UnreadableImageError(f"expected a picture of a blur kernel in {path}: {error}") from error
    return centred_kernel(torch.from_numpy(weights.copy()))


def centred_kernel(weights: Tensor) -> Tensor:
    """Kernel of odd side and sum 1 whose centre of mass is the middle, from weights (H, W) of any scale.

    Raises:
        ShapeError: if the weights are not a plane, or hold nothing above 0.
    """
    if weights.ndim != 2 or weights.numel() == 0 or not weights.max() > 0:
        raise ShapeError(f"a blur kernel must be (H, W) with positive weights; got {tuple(weights.shape)}")
    rows, columns = (weights > _FLOOR * weights.max()).nonzero(as_tuple=True)
    mass = weights[rows, columns].float()
    y = rows - (mass * rows).sum() / mass.sum()
    x = columns - (mass * columns).sum() / mass.sum()
    radius = max(1, int(torch.cat((x.abs(), y.abs())).max().ceil().item()))
    return draw_points(x[None], y[None], mass[None], radius)[0]


def stack_kernels(kernels: Sequence[Tensor]) -> Tensor:
    """Kernels of different odd sides as one tensor (N, K, K), padded with zeros around the middle."""
    if not kernels:
        raise ConfigurationError("a bank of blur kernels must hold at least one")
    radius = max(kernel.shape[-1] // 2 for kernel in kernels)
    return torch.stack([F.pad(kernel, (radius - kernel.shape[-1] // 2,) * 4) for kernel in kernels])


@dataclass(frozen=True, kw_only=True)
class KernelBlurParameters(Parameters):
    """Which kernel, how large, which way round."""

    kernel_index: Tensor
    """(B,), int64: number of the kernel in the bank."""
    zoom: Tensor
    """(B,), factor of the kernel's size; 0 shrinks it to a point, which is no blur."""
    mirror: Tensor
    """(B,), bool: left and right exchanged."""
    quarter_turns: Tensor
    """(B,), int64: rotation by 90 degrees."""
    headroom_stops: Tensor
    """(B,), how much brighter than white clipped highlights really are, in stops."""


class KernelBlur(Degradation[KernelBlurParameters]):
    """Convolution with a kernel of a given bank, in linear light: ``I = clip(k * R)``.

    See :func:`opir.physics.psf.blur_in_linear_light` for R.
    """

    task: ClassVar[Task] = "blur"

    def __init__(self, kernels: Tensor) -> None:
        """``kernels`` (N, K, K), K odd, each of sum 1, as from :func:`load_kernel` and :func:`stack_kernels`.

        Raises:
            ShapeError: if the shape is another, a weight is negative, or a sum is not 1.
        """
        if kernels.ndim != 3 or kernels.shape[1] != kernels.shape[2] or kernels.shape[1] % 2 == 0 or not len(kernels):
            raise ShapeError(f"kernels must be (N, K, K) with odd K and N >= 1; got {tuple(kernels.shape)}")
        sums = kernels.sum(dim=(1, 2))
        if (kernels < 0).any() or not torch.allclose(sums, torch.ones_like(sums), atol=1e-3):
            raise ShapeError(f"kernels must be not negative and of sum 1; got sums {sums.tolist()}: normalise them")
        self.kernels = kernels.float()

    @classmethod
    def from_files(cls, paths: Sequence[Path]) -> KernelBlur:
        """Operator with one kernel per picture file; see :func:`load_kernel` for what may go wrong."""
        return cls(stack_kernels([load_kernel(path) for path in paths]))

    def sample(self, n: int, generator: torch.Generator) -> KernelBlurParameters:
        """Draw any kernel in any of its eight orientations, at 0.5 to 1.1 of its size."""
        return self._draw(uniform(n, 0.5, 1.1, generator), generator)

    def from_severity(self, severity: Tensor, generator: torch.Generator) -> KernelBlurParameters:
        """Kernels shrunk to the share ``severity`` of their size."""
        return self._draw(severity, generator)

    def apply(self, image: Tensor, parameters: KernelBlurParameters) -> Tensor:
        """Blur ``image`` (B, 3, H, W), sRGB in [0, 1]; see :class:`Degradation`."""
        check_batch(image, parameters)
        return blur_in_linear_light(image, self.oriented_kernels(parameters), parameters.headroom_stops)

    def oriented_kernels(self, parameters: KernelBlurParameters) -> Tensor:
        """The chosen kernels (B, K, K), of sum 1, mirrored, turned and zoomed."""
        chosen = self.kernels.to(parameters.zoom.device)[parameters.kernel_index]
        side = chosen.shape[-1]
        axis = torch.arange(side, device=chosen.device) - side // 2
        y, x = (plane.flatten()[None] for plane in torch.meshgrid(axis, axis, indexing="ij"))
        turn = 0.5 * torch.pi * parameters.quarter_turns[:, None]
        cosine, sine = turn.cos().round(), turn.sin().round()
        x = torch.where(parameters.mirror[:, None], -x, x)
        zoom = parameters.zoom[:, None]
        radius = int((parameters.zoom.max() * (side // 2)).ceil().clamp(min=1).item()) if len(chosen) else 1
        return draw_points(zoom * (cosine * x - sine * y), zoom * (sine * x + cosine * y), chosen.flatten(1), radius)

    def _draw(self, zoom: Tensor, generator: torch.Generator) -> KernelBlurParameters:
        n, device = len(zoom), generator.device
        return KernelBlurParameters(
            kernel_index=torch.randint(0, len(self.kernels), (n,), generator=generator, device=device),
            zoom=zoom,
            mirror=uniform(n, 0, 1, generator) < 0.5,
            quarter_turns=torch.randint(0, 4, (n,), generator=generator, device=device),
            headroom_stops=uniform(n, 0, 2, generator),
        )
